"""Traditional characters as the simplified ones in which the rules are written.

Those that occur in phrases of rules and in durations. It is no conversion of text, which would have to know words: where one
character stands for several, it becomes the one that phrases use.
"""

from typing import Final

_TRADITIONAL: Final = (
    "與專業兩個為爲舉麼麽樂買亂於雲們價眾衆優會傳傷偽體餘償儲兌關內寫農決幾則別辦"
    "務動勁昇陞華協單賣臥衛廳厭發髮變隻檯臺颱號閤後嚮曏聽員週諮團糰園國壞塊墜處備"
    "復複夠頭誇姦媽寶實寬對尋導儘盡屢豈師帶幫應開強歸當錄録綵徑憂態懇噁惡惱慘憤戲"
    "戶託釦擾搶報擔撥掛換據攜攝數斷無時顯術機殺雜權條來極櫃査樣檔橋樓殘氣沒洩窪漲"
    "遊滾滯滿點爛煙菸煩燒燙熱愛貓瑪現電監蓋盜盤眞著碼確禮窩簽籤類係繫緊縴纖約級納"
    "綫線終經結給絡絕絶統續維縊繳網恥職聯脹脈腦脫臉節葯藥營虛補錶見規視覺觸訂認討"
    "讓議記証證評詐訴誠話詢該語誤說説請諾諉誰謝譜負責敗賬貨貴費資賴趕轉輕輸邊達過"
    "運還這違連遲選遞郵釋裏裡鐘錢鈴銷鎖錯長門閃閉問間隊際陸隨隱難靚頂頓預頻額馬罵"
    "駡驗騙騷鳥"
)
_SIMPLIFIED: Final = (
    "与专业两个为为举么么乐买乱于云们价众众优会传伤伪体余偿储兑关内写农决几则别办"
    "务动劲升升华协单卖卧卫厅厌发发变只台台台号合后向向听员周咨团团园国坏块坠处备"
    "复复够头夸奸妈宝实宽对寻导尽尽屡岂师带帮应开强归当录录彩径忧态恳恶恶恼惨愤戏"
    "户托扣扰抢报担拨挂换据携摄数断无时显术机杀杂权条来极柜查样档桥楼残气没泄洼涨"
    "游滚滞满点烂烟烟烦烧烫热爱猫玛现电监盖盗盘真着码确礼窝签签类系系紧纤纤约级纳"
    "线线终经结给络绝绝统续维缢缴网耻职联胀脉脑脱脸节药药营虚补表见规视觉触订认讨"
    "让议记证证评诈诉诚话询该语误说说请诺诿谁谢谱负责败账货贵费资赖赶转轻输边达过"
    "运还这违连迟选递邮释里里钟钱铃销锁错长门闪闭问间队际陆随隐难靓顶顿预频额马骂"
    "骂验骗骚鸟"
)
_FOLDED: Final = str.maketrans(_TRADITIONAL, _SIMPLIFIED)


def simplified(text: str) -> str:
    """The text, character by character, so that every place in it stays where it is."""
    return text if text.isascii() else text.translate(_FOLDED)

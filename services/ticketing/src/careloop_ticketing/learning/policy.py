"""Names and addresses out of a text: those that are known, and what reads like one.

It errs both ways. A text to learn from may lose a word; that none keeps a name is more than patterns can promise.
"""

import re
from collections.abc import Collection
from typing import Any, Final

NAME, ADDRESS = "[name]", "[address]"
_SURNAME: Final = (
    "(?:欧阳|司马|上官|诸葛|慕容|尉迟|司徒|东方|夏侯|皇甫|[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金"
    "陆郝孔白崔康毛邱秦江史顾侯邵孟龙段雷钱汤尹黎易武乔贺赖龚文庞樊兰殷施陶洪翟倪严牛温芦季俞章鲁葛韦毕聂焦柳邢骆岳齐梅庄涂祁耿欧詹管尤裴张劉陳楊趙黃吳孫馬羅鄭謝韓馮蕭鄧許蘇盧蔣賈葉閻鐘譚廖鄒陸])"
)
_NOT_IN_NAMES: Final = "我你他她它您们的了是在有要把被和跟与请想家住电手打说也就都这那不没到给让对从个号"
_GIVEN: Final = rf"[^\W\d_a-zA-Z{_NOT_IN_NAMES}]"
_INTRODUCED: Final = re.compile(
    r"(我叫|名叫|名字是|名字叫|姓名[:：]?是?|(?:联系人|收件人|户主|机主|业主|户名|本人姓名)(?:[:：]|是|叫|为)|我是|本人)( ?)"
    rf"({_SURNAME}{_GIVEN}{{1,2}})(?=[,，.。;；、!！\s)）]|$|[{_NOT_IN_NAMES}])"
)
_CALLED: Final = re.compile(r"(我叫|名叫|名字是|名字叫)( ?)(" + _SURNAME + _GIVEN + "{1,2})")
_ADDRESSED: Final = re.compile(
    rf"(?<!对){_SURNAME}(?:{_GIVEN}{{0,2}}(?=先生|女士|小姐|太太|老师|阿姨|大爷)|(?=师傅|经理|主任|主管|工程师|总[,，。 ]))"
)
_CAPITAL: Final = r"[A-Z][\w'-]{1,20}"
_ENGLISH: Final = re.compile(
    rf"(\b(?i:my name is|my name's|name:|this is|mr|mrs|ms|miss|dr)\.? )(?!I\b)({_CAPITAL}(?: {_CAPITAL}){{0,2}})"
)

_PLACE: Final = r"[^\W_我你他她它们的了是在有到从去来这那哪住和跟请把往]"
_PROVINCE: Final = (
    "(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门)"
    "(?:省|市|(?:壮族|回族|维吾尔)?自治区)?"
)
_TOWN: Final = rf"(?>{_PLACE}{{2,5}}?(?:市|县|自治州|(?<![小地])区|镇|乡|街道)(?![域别分间场面话内外里]))"
_STREET: Final = rf"(?>{_PLACE}{{1,8}}?(?:大道|大街|街|(?<![线电网思半一公马])路|巷|胡同|村|屯|小区|社区|花园|新村|公寓|大厦|苑|广场))"
_DOOR: Final = (
    "(?>(?:[A-Za-z]?[0-9]{1,5}(?:-[0-9]{1,4}){0,3}|[一二三四五六七八九十百]{1,4}) ?"
    "(?:号楼|号院|号门|号|弄|栋|幢|座|楼|单元|层|室|户|房)|[0-9]{3,4}(?![0-9元块万年月天次]))"
)
_CHINESE_ADDRESS: Final = re.compile(
    rf"{_PROVINCE}(?:{_TOWN}){{1,3}}(?:{_STREET}){{0,3}}(?:{_DOOR}){{0,5}}"
    rf"|(?:{_TOWN}){{2,3}}(?:{_STREET}){{0,3}}(?:{_DOOR}){{0,5}}"
    rf"|(?:{_TOWN})?(?:{_STREET}){{1,3}}(?:{_DOOR}){{1,5}}"
    r"|(?:[0-9]{1,4}(?:号楼|栋|幢|座|号))(?:[0-9]{1,3}单元)?[0-9]{2,4}(?:室|户|房)"
)
_ENGLISH_ADDRESS: Final = re.compile(
    rf"\b[0-9]{{1,5}} (?:{_CAPITAL} ){{1,3}}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct|Boulevard|Blvd|Way)\b\.?"
    r"(?:,? (?:Apt|Unit|Suite)\.? ?#?[0-9A-Za-z-]{1,6})?"
)


def mask(text: str, known: Collection[str] = ()) -> str:
    """The text without these names, without addresses, and without what is introduced or addressed as a name."""
    for name in sorted({one.strip() for one in known}, key=len, reverse=True):
        if len(name) > 1:
            text = _word(name).sub(NAME, text)
    text = _CHINESE_ADDRESS.sub(ADDRESS, text)
    text = _ENGLISH_ADDRESS.sub(ADDRESS, text)
    text = _CALLED.sub(rf"\1\2{NAME}", text)
    text = _INTRODUCED.sub(rf"\1\2{NAME}", text)
    text = _ADDRESSED.sub(NAME, text)
    return _ENGLISH.sub(rf"\1{NAME}", text)


def _word(name: str) -> re.Pattern[str]:
    """A name where it is not a part of a longer word of letters."""
    before = r"(?<![A-Za-z0-9])" if name[0].isascii() else ""
    after = r"(?![A-Za-z0-9])" if name[-1].isascii() else ""
    return re.compile(before + re.escape(name) + after, re.IGNORECASE)


def names_of(parties: Any) -> list[str]:
    """The names of people in parties as TMF621 keeps them."""
    return [
        name
        for party in parties or ()
        if isinstance(name := party.get("partyOrPartyRole", {}).get("name"), str)
    ]

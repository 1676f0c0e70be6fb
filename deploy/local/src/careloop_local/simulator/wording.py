"""What customers complain about, in Chinese and English: one phrase set per cause and tier, and the words around them.

The causes are service quality, business handling, information asymmetry, price and technical support; the tiers run
from what the front line settles, over what needs an expert, to what endangers the brand.
"""

CAUSES = {
    "service_quality": 0.24,
    "business_handling": 0.2,
    "information_asymmetry": 0.17,
    "price": 0.22,
    "technical_support": 0.17,
}
TIERS = {"primary": 0.7, "intermediate": 0.25, "advanced": 0.05}

ZH: dict[str, dict[str, tuple[str, ...]]] = {
    "service_quality": {
        "primary": ("客服态度很差，说了两句就挂电话", "营业厅排队一个多小时没人理", "在线客服一直转机器人，找不到人工",
                    "服务人员语气不耐烦，问题也没解决"),
        "intermediate": ("同一个问题反映三次了还是没解决，服务太差", "投诉后答应回电，一个星期没有任何人联系我",
                         "上门师傅爽约两次，客服互相推诿"),
        "advanced": ("客服泄露我的个人信息给第三方，要求书面道歉", "营业员私自用我的身份证开卡，这是隐私泄露"),
    },
    "business_handling": {
        "primary": ("套餐变更申请提交后一直显示处理中", "办理过户手续来回跑了两趟", "宽带移机预约不上时间",
                    "补卡办理太慢，流程太复杂"),
        "intermediate": ("携号转网办理被反复拒绝，超过三天还没办好", "订购的路由器物流超过三天没有发货",
                         "退订业务办理多次失败，每次都要重新提交"),
        "advanced": ("未经同意给我办理了业务，属于欺诈，我要向工信部投诉", "冒用我的名字办理合约机，已经报警"),
    },
    "information_asymmetry": {
        "primary": ("活动规则没有说明清楚，到账和宣传不一样", "套餐说明里没写限速", "不知道合约期还有多久，没有告知",
                    "短信通知看不懂，没人解释条款"),
        "intermediate": ("办理时承诺送的权益没有兑现，说法前后不一致", "宣传和实际不符，多次询问没有准确解释",
                         "默认开通的会员没有告知，要求说明"),
        "advanced": ("虚假宣传，误导老人办理高价套餐，准备联系媒体曝光",),
    },
    "price": {
        "primary": ("这个月话费比上个月多了三十块", "套餐太贵了，有没有优惠", "流量超出费用太高", "扣费短信看不明白多收了钱"),
        "intermediate": ("连续三个月乱扣费，要求退费并补偿", "合约到期后自动涨价，要求退还差价", "被重复扣款两次，退款一直没到账"),
        "advanced": ("大面积乱收费，群里几十个人都被多扣，我们要集体投诉到监管部门",),
    },
    "technical_support": {
        "primary": ("家里宽带晚上网速很慢", "地下车库没有信号", "APP登录不上去，验证码收不到", "电视盒子偶尔卡顿"),
        "intermediate": ("宽带断网三天，报修两次没修好", "手机信号反复中断，维修后又出故障", "5G网络频繁掉线，影响在家办公，多次报障"),
        "advanced": ("光猫电源发热冒烟，电池有爆炸危险", "充电时设备起火烧坏桌子，要求召回和赔偿"),
    },
}  # fmt: skip

EN: dict[str, dict[str, tuple[str, ...]]] = {
    "service_quality": {
        "primary": ("The agent was rude and hung up on me", "I waited an hour in the store and nobody helped",
                    "Customer service keeps sending me to a bot"),
        "intermediate": ("Third time I report the same issue and still no callback",
                         "The technician missed two appointments and support blames each other"),
        "advanced": ("Your staff leaked my personal data, this is a privacy breach and I want a public apology",),
    },
    "business_handling": {
        "primary": ("My plan change has been pending for days", "The transfer of ownership form was rejected twice",
                    "I cannot cancel an add-on in my account"),
        "intermediate": ("Number porting was refused again, it has taken more than three days",
                         "My router order has not shipped after four days"),
        "advanced": ("Someone opened a contract in my name, this is fraud and I called the police",),
    },
    "information_asymmetry": {
        "primary": ("Nobody told me about the speed cap", "The promotion terms were not explained clearly",
                    "I did not know when my contract ends"),
        "intermediate": ("The gift promised when I signed was never given and everyone tells a different story",),
        "advanced": ("Misleading advertising to elderly people, I am going to the press",),
    },
    "price": {
        "primary": ("My bill is higher than last month", "The roaming fee is too expensive", "I was charged for data I did not use"),
        "intermediate": ("Overcharged three months in a row, I want a refund", "Price went up after the contract and the refund never came"),
        "advanced": ("Dozens of customers were overcharged, we file a joint complaint with the regulator",),
    },
    "technical_support": {
        "primary": ("Internet is slow every evening", "No signal in the basement", "The app does not accept my login code"),
        "intermediate": ("Internet down for three days and two repairs failed", "Connection keeps dropping again after the repair"),
        "advanced": ("The modem overheated and smoked, the battery could explode", "The charger caught fire, I demand a recall"),
    },
}  # fmt: skip

OPENINGS_ZH = ("", "", "你好，", "麻烦处理一下：", "我要投诉！", "请问怎么回事，")
CLOSINGS_ZH = ("。", "，请尽快处理。", "，气死我了！！！", "，太失望了", "，再不解决我就转网。", "，谢谢。")
OPENINGS_EN = ("", "", "Hello, ", "I want to complain: ", "To whom it may concern. ")
CLOSINGS_EN = (
    ".",
    ", please fix it soon.",
    "!!! This is unacceptable.",
    ". Very disappointed.",
    ", or I switch provider.",
)
# Words that Chinese customers write in English, and homophones that an input method picks wrongly.
MIXED = {"宽带": "WiFi", "路由器": "router", "套餐": "plan", "信号": "signal", "流量": "data"}
HOMOPHONES = {"在": "再", "的": "地", "没有": "莫有", "客服": "克服", "已经": "以经", "流量": "留量"}

"""The channels on which customers meet an operator, and when each of them is busy."""

from dataclasses import dataclass

# Relative load per hour of the day, midnight first.
DAYTIME = (1, 0, 0, 0, 0, 1, 3, 6, 10, 14, 15, 12, 9, 11, 14, 14, 13, 11, 9, 7, 5, 4, 3, 2)
OFFICE = (0, 0, 0, 0, 0, 0, 0, 1, 9, 15, 16, 12, 4, 10, 15, 15, 13, 8, 2, 1, 0, 0, 0, 0)
EVENING = (4, 2, 1, 1, 1, 2, 4, 7, 7, 7, 7, 8, 9, 8, 7, 7, 8, 9, 11, 14, 16, 15, 12, 8)
MACHINE = (6, 6, 6, 7, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 9, 9, 9, 8, 7)


@dataclass(frozen=True, slots=True)
class Channel:
    code: str
    share: float
    rhythm: tuple[int, ...]
    kinds: dict[str, float]  # what happens here, with shares


_BROWSE = {"view": 0.6, "login": 0.15, "inquiry": 0.12, "order": 0.06, "payment": 0.07}
_TALK = {"inquiry": 0.62, "complaint": 0.14, "fault": 0.12, "order": 0.08, "suggestion": 0.04}
_COUNTER = {"inquiry": 0.4, "order": 0.25, "payment": 0.25, "complaint": 0.05, "visit": 0.05}
_POST = {"view": 0.5, "post": 0.35, "complaint": 0.1, "suggestion": 0.05}

CHANNELS: tuple[Channel, ...] = (
    Channel("app_android", 13, EVENING, _BROWSE),
    Channel("app_ios", 8, EVENING, _BROWSE),
    Channel("web", 6, EVENING, _BROWSE),
    Channel("h5", 3, EVENING, _BROWSE),
    Channel("wap", 1, EVENING, _BROWSE),
    Channel("mini_program", 6, EVENING, _BROWSE),
    Channel("wechat_oa", 8, EVENING, {"inquiry": 0.5, "view": 0.3, "payment": 0.15, "complaint": 0.05}),
    Channel("weibo", 1, EVENING, _POST),
    Channel("douyin", 1, EVENING, _POST),
    Channel("live_chat", 3, DAYTIME, _TALK),
    Channel("video_agent", 0.5, DAYTIME, _TALK),
    Channel("hotline", 7, DAYTIME, _TALK),
    Channel("ivr", 4, DAYTIME, {"inquiry": 0.7, "payment": 0.3}),
    Channel("ussd", 1, DAYTIME, {"inquiry": 0.8, "order": 0.2}),
    Channel("sms", 5, DAYTIME, {"inquiry": 0.6, "reply": 0.4}),
    Channel("email", 1.5, OFFICE, _TALK),
    Channel("store_pos", 5, DAYTIME, _COUNTER),
    Channel("kiosk", 1.5, DAYTIME, {"payment": 0.7, "inquiry": 0.3}),
    Channel("field_service", 0.8, OFFICE, {"visit": 0.7, "repair": 0.3}),
    Channel("push", 2, DAYTIME, {"view": 1}),
    Channel("crm", 2, OFFICE, {"contact": 0.6, "order": 0.4}),
    Channel("erp", 0.7, OFFICE, {"order": 1}),
    Channel("bss", 6, OFFICE, {"bill": 0.55, "payment": 0.45}),
    Channel("oss", 4, MACHINE, {"fault": 0.3, "usage": 0.7}),
    Channel("device_log", 3, MACHINE, {"usage": 0.8, "fault": 0.2}),
    Channel("iot_gateway", 1, MACHINE, {"usage": 0.9, "fault": 0.1}),
    Channel("partner", 0.7, DAYTIME, {"order": 0.6, "contact": 0.4}),
)

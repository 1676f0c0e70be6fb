import pytest
from careloop_profile.identifiers.policy import Reason, normalise_address, parse_address
from careloop_profile.identifiers.policy.counties import seats
from hypothesis import given
from hypothesis import strategies as st

WHOLE = "广东省深圳市南山区粤海街道科苑路15号科兴科学园A栋3单元1201"


def test_an_address_is_taken_apart_from_the_province_to_the_room():
    found = parse_address(WHOLE)
    assert (found.province, found.city, found.district, found.town) == (
        "广东省",
        "深圳市",
        "南山区",
        "粤海街道",
    )
    assert (found.street, found.number, found.detail, found.room) == (
        "科苑路",
        "15号",
        "科兴科学园A栋3单元",
        "1201",
    )
    assert found.line == WHOLE


SPELLINGS = {
    "　广东省　广州市　天河区　体育西路１０３号": "广东省广州市天河区体育西路103号",
    "广东东莞虎门镇连升路5号 523900": "广东省东莞市虎门镇连升路5号 523900",
    "中国上海市浦东新区控江路123弄5号601室": "上海市浦东新区控江路123弄5号601室",
    "重庆市市辖区渝中区中山三路1号": "重庆市渝中区中山三路1号",
    "四川省成都市武侯区解放路东段12号": "四川省成都市武侯区解放路东段12号",
    "河北省石家庄市裕华区槐安东路100号5号楼2单元301室": "河北省石家庄市裕华区槐安东路100号5号楼2单元301室",
    "内蒙古锡林郭勒盟正蓝旗上都镇": "内蒙古自治区锡林郭勒盟正蓝旗上都镇",
    "山东省枣庄市市中区光明路1号": "山东省枣庄市市中区光明路1号",
    "湖北省荆州市沙市区北京路5号": "湖北省荆州市沙市区北京路5号",
    "辽宁省朝阳市双塔区朝阳大街1号": "辽宁省朝阳市双塔区朝阳大街1号",
    "北京市海淀区中关村大街27号": "北京市海淀区中关村大街27号",
    "山东青岛市北区中山路6号": "山东省青岛市市北区中山路6号",
    "四川内江市中区中山路6号": "四川省内江市市中区中山路6号",
    "广东中山南区中山路6号": "广东省中山市南区中山路6号",
    "湖南省常德市津市市中山路3号": "湖南省常德市津市市中山路3号",
}


@pytest.mark.parametrize("raw", SPELLINGS)
def test_addresses_in_the_spellings_people_use(raw):
    outcome = normalise_address(raw)
    assert (outcome.value, outcome.rules, outcome.flags) == (SPELLINGS[raw], (), ())


FLAGS = {
    "中山路12号": ("missing_province", "missing_city", "missing_district"),
    "朝阳区望京街9号": ("missing_province", "missing_city"),
    "江苏省鼓楼区前进路10号": ("missing_city",),
    "广东省武侯区前进路10号": ("district_not_in_city", "missing_city"),
    "广东省深圳市武侯区科苑路15号": ("district_not_in_city",),
    "北京市武侯区中山路1号": ("district_not_in_city",),
    "广东省深圳市高新区科苑路15号": (),
    "广东省中山市南山区科苑路15号": (),
    "海南省内江市市中区中山路6号": ("province_contradicts_city",),
    "北京中关村大街27号": ("missing_district",),
    "广东省深圳市南山区": ("missing_street", "missing_number"),
    "广东省杭州市西湖区文三路1号": ("province_contradicts_city",),
    "Elm Street, Springfield": ("missing_number",),
}


@pytest.mark.parametrize("raw", FLAGS)
def test_what_is_missing_is_said_and_not_invented(raw):
    assert normalise_address(raw).flags == FLAGS[raw]
    assert parse_address("中山路12号").city == ""


def test_the_province_of_a_prefecture_is_no_invention_and_said_to_be_added():
    outcome = normalise_address("深圳市南山区科苑路15号")
    assert (outcome.value, outcome.rules) == ("广东省深圳市南山区科苑路15号", ("province_of_city",))
    both = normalise_address("吉林市昌邑区解放大路3号")
    assert both.value == "吉林省吉林市昌邑区解放大路3号"
    assert normalise_address("海南藏族自治州共和县恰卜恰镇").value == "青海省海南藏族自治州共和县恰卜恰镇"


COUNTIES = {
    "江苏省昆山市玉山镇前进路10号": "江苏省苏州市昆山市玉山镇前进路10号",
    "辉县市中山路1号": "河南省新乡市辉县市中山路1号",
    "内蒙古阿拉善左旗建设街3号": "内蒙古自治区阿拉善盟阿拉善左旗建设街3号",
    "四川省武侯区中山路1号": "四川省成都市武侯区中山路1号",
    "仙桃市中山路1号": "湖北省仙桃市中山路1号",
}


@pytest.mark.parametrize("raw", COUNTIES)
def test_a_county_whose_name_no_other_has_says_its_city_and_province(raw):
    outcome = normalise_address(raw)
    assert (outcome.value, outcome.rules, outcome.flags) == (COUNTIES[raw], ("area_of_county",), ())
    assert normalise_address(COUNTIES[raw]).rules == ()


def test_a_district_without_its_province_is_only_a_suggestion_since_districts_come_and_go():
    outcome = normalise_address("天河区体育西路1号")
    assert (outcome.value, outcome.suggestion) == ("天河区体育西路1号", "广东省广州市天河区体育西路1号")
    assert outcome.flags == ("missing_province", "missing_city", "area_of_county")


@pytest.mark.parametrize(
    "raw", ["朝阳区中山路1号", "城区中山路1号", "新城区中山路1号", "江苏省鼓楼区中山路1号"]
)
def test_a_county_of_which_there_are_several_or_may_be_says_nothing(raw):
    outcome = normalise_address(raw)
    assert (outcome.value, outcome.suggestion, outcome.rules) == (raw, None, ())


def test_every_county_there_is_is_known_where_it_is():
    for name, places in seats().items():
        for place in places:
            area = place.province if place.city == place.province else "".join(place)
            whole = f"{area}{name}中山路12号"
            outcome, found = normalise_address(whole), parse_address(whole)
            assert (outcome.value, outcome.rules, outcome.flags) == (whole, (), ())
            assert (found.city, found.district, found.street) == (place.city, name, "中山路")


def test_what_is_written_twice_is_kept_once():
    for raw in ("北京市北京市朝阳区建国路88号", "广东省深圳市深圳市南山区科苑路15号"):
        outcome = normalise_address(raw)
        assert outcome.rules == ("written_twice",)
        assert outcome.value is not None
        assert outcome.value.count("市") == 1


def test_foreign_addresses_are_only_tidied():
    raw = "1600 Amphitheatre Pkwy ,, Mountain View,CA 94043 "
    assert normalise_address(raw).value == "1600 Amphitheatre Pkwy, Mountain View, CA 94043"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [("", Reason.EMPTY), ("无", Reason.PLACEHOLDER), ("12345", Reason.SYNTAX), ("街" * 201, Reason.TOO_LONG)],
)
def test_what_is_no_address_says_why(raw, reason):
    assert (normalise_address(raw).value, normalise_address(raw).reason) == (None, reason)


@given(st.text(alphabet="广东省深圳市南山区海县镇街道路号弄村室栋A12 3-，北京朝阳吉林", max_size=40))
def test_reading_an_address_again_changes_nothing_and_loses_nothing(raw):
    outcome = normalise_address(raw)
    if outcome.value is not None:
        again = normalise_address(outcome.value)
        assert set("".join(raw.split())) - set(outcome.value) <= set("，, ")
        assert again.value == outcome.value

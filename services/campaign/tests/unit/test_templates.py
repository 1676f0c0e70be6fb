"""The shipped texts read well in both languages and variants, and no value can break out of its place."""

import pytest
from careloop_campaign.templates import service
from careloop_campaign.templates.errors import TemplateBroken, TemplateUnknown
from careloop_campaign.templates.policy import Choice
from hypothesis import given
from hypothesis import strategies as st

VALUES = {"offer": "discount", "callback_hours": 48, "number": "T-2026-000042"}


@pytest.mark.parametrize("variant", ["standard", "plain_large"])
@pytest.mark.parametrize("language", sorted(service.LANGUAGES))
@pytest.mark.parametrize("template", service.NAMES)
def test_every_template_has_every_language_and_variant(template, language, variant):
    mail = service.render(Choice(template, language, variant), VALUES, name="王小明", unsubscribe_url=None)
    assert mail.subject
    assert "王小明" in mail.text
    assert "{" not in mail.text + mail.subject
    assert f'lang="{language}"' in mail.html
    assert ("font-size: 22px" in mail.html) == (variant == "plain_large")
    assert any("一" <= c <= "鿿" for c in mail.subject) == (language == "zh")


@pytest.mark.parametrize("offer", ["discount", "upgrade_voucher", "new_bundle", "personal_consultation"])
def test_the_offer_decides_the_sentence(offer):
    texts = {
        o: service.render(
            Choice("retention_offer", "zh", "standard"),
            {"offer": o, "callback_hours": 48},
            name="李雷",
            unsubscribe_url=None,
        ).text
        for o in (offer, "none")
    }
    assert (texts[offer] == texts["none"]) == (offer == "personal_consultation")


def test_the_unsubscribe_link_is_in_text_and_html():
    url = "https://care.example/v1/unsubscribe?token=a.b&x=1"
    mail = service.render(
        Choice("retention_offer", "en", "standard"), VALUES, name="Ann", unsubscribe_url=url
    )
    assert url in mail.text
    assert 'href="https://care.example/v1/unsubscribe?token=a.b&amp;x=1"' in mail.html


HOSTILE = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        [
            "{{ 7 * 7 }}",
            "{% for x in range(9) %}{{ x }}{% endfor %}",
            "{{ ''.__class__.__mro__ }}",
            "<script>alert(1)</script>",
            "Ann\r\nBcc: all@example.com",
            "\u202egnp.exe",
            "</p><img src=x onerror=1>",
        ]
    ),
)


@given(name=HOSTILE, number=HOSTILE)
def test_values_are_data(name, number):
    mail = service.render(
        Choice("complaint_acknowledged", "en", "standard"),
        {"number": number},
        name=name,
        unsubscribe_url=None,
    )
    assert "\n" not in mail.subject
    assert "\r" not in mail.text
    assert mail.text.count("\n\n") == 1
    for tag in ("<script", "<img", "</p><"):
        assert tag not in mail.html.split("<body", 1)[1].replace("</p>\n", "")
    if name == "{{ 7 * 7 }}":
        assert "{{ 7 * 7 }}" in mail.text


def test_no_name_still_greets():
    mail = service.render(
        Choice("callback_scheduled", "zh", "standard"), VALUES, name=None, unsubscribe_url=None
    )
    assert "尊敬的客户" in mail.text


def test_a_missing_value_is_an_error_and_not_an_empty_place():
    with pytest.raises(TemplateBroken):
        service.render(Choice("callback_scheduled", "en", "standard"), {}, name="Ann", unsubscribe_url=None)


@pytest.mark.parametrize("choice", [("nothing", "en", "standard"), ("retention_offer", "fr", "standard")])
def test_an_unknown_text_is_named(choice):
    with pytest.raises(TemplateUnknown):
        service.render(Choice(*choice), VALUES, name="Ann", unsubscribe_url=None)

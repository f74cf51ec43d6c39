"""The consent form: nothing is ticked, one recipient, each sensitive category by itself (consent rules 1.5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from consent.model.words import SENSITIVE, Category, Purpose
from hub.forms.form import End, form_page, record
from hub.forms.offer import ASKED, Offer, offer
from tests.unit.forms.papers import (
    EN,
    FR,
    RULES,
    Page,
    agreement,
    every_form,
    every_receipt,
    everything,
    form,
    of_shelter,
    text_of,
)

LANGUAGES = pytest.mark.parametrize("text", [EN, FR], ids=["en", "fr"])
PARTS = ("what", "who", "why", "risk", "end", "stop", "help", "sign", "worker")
PAGES = {
    f"{kind} {name} ({text.language})": page
    for text in (EN, FR)
    for kind, pages in (("form", every_form(text)), ("receipt", every_receipt(text)))
    for name, page in pages.items()
}
EVERY_PAGE = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)


def asked(row: Any, *purposes: Purpose) -> Offer:
    return offer([row], RULES, purposes or ASKED)


@EVERY_PAGE
def test_no_box_is_ticked(page: str) -> None:
    assert not Page(page).all("//*[@checked] | //*[@selected] | //input[not(@type='checkbox')]")


@EVERY_PAGE
def test_a_page_stands_alone_can_be_read_aloud_and_prints(page: str) -> None:
    read = Page(page)

    assert read.root.get("lang") in ("en-CA", "fr-CA")
    assert [len(read.all(f"//{tag}")) for tag in ("h1", "main", "title", "footer")] == [1] * 4
    assert not read.all("//script | //link | //img | //iframe | //object | //form | //@src | //@href")
    assert "http" not in page
    assert "url(" not in page
    assert "@media print" in page
    boxes = read.boxes()
    assert len(set(boxes)) == len(boxes)
    assert all(read.label(box) for box in boxes), "each box has a label of its own"
    assert len(read.all("//label")) == len(boxes)
    assert len(read.all("//legend")) == len(read.all("//fieldset"))
    assert all(read.all(f"//*[@id='{each}']") for each in read.all("//@aria-labelledby"))
    assert not read.all("//table//th[not(@scope)]")
    assert len(read.all("//@id")) == len(set(read.all("//@id")))


@LANGUAGES
def test_each_sensitive_category_has_a_box_of_its_own_and_no_other_box_covers_it(text: Any) -> None:
    page = Page(form_page(form(), text))
    private = [each.get("id") for each in page.all("//fieldset[@id='private']//input")]
    plain = [each.get("id") for each in page.all("//fieldset[@id='plain']//input")]
    offered = {each.category for each in everything().what}

    assert private == [f"category-{each}" for each in Category if each in SENSITIVE & offered]
    assert plain == [f"category-{each}" for each in Category if each in offered - SENSITIVE]
    assert [box for box in page.boxes() if box.startswith("category-")] == plain + private
    for box in private:
        (category,) = [each for each in Category if box == f"category-{each}"]
        assert text.say(f"category.{category}") in page.label(box)
        assert not [other for other in page.boxes() if other != box and page.label(box) in page.label(other)]


@LANGUAGES
def test_the_parts_stand_in_the_order_of_the_rules(text: Any) -> None:
    page = Page(form_page(form(), text))

    assert tuple(page.all("//section/@id")) == PARTS
    headings = [text.say(f"{part}.heading") for part in PARTS]
    assert [each.text for each in page.all("//h2")] == headings


@LANGUAGES
def test_a_form_names_one_recipient_and_its_end_and_how_to_stop(text: Any) -> None:
    page = form_page(form(months_max=6), text)

    assert text.say("form.one_agency", recipient="Lakeside Work") in page
    assert text.say("end.most", months=6) in page
    assert text.say("help.how") in page
    assert dict(record(form(), text))["recipient_org"] == [("lakeside", "")]


@LANGUAGES
def test_the_text_and_its_language_are_on_the_page_and_among_what_goes_into_the_record(text: Any) -> None:
    page = Page(form_page(form(), text))

    for said in (
        text_of(each) for each in page.all("//footer | //section[@id='sign']")
    ):  # the client's part, the worker's
        assert text.say("page.text", version="2026-1", language=text.language) in said
        assert "notice-v2" in said
    rows = [[each.text for each in row.xpath(".//code")] for row in page.all("//tbody/tr")]
    assert rows[:4] == [
        ["recipient_org", "lakeside"],
        ["text_version", "2026-1"],
        ["language", text.language],
        ["notice_version", "notice-v2"],
    ]
    assert rows[4] == ["purposes", *(each.value for each in ASKED)]
    assert rows[5] == ["categories", *(each.category.value for each in everything().what)]


def test_a_translation_says_who_made_it() -> None:
    assert FR.translator in form_page(form(), FR)
    assert "translator" not in form_page(form(), EN)
    assert EN.say("page.translated", translator="Mina") in form_page(form(), replace(EN, translator="Mina"))


@LANGUAGES
def test_only_a_womens_service_is_asked_whether_it_may_be_named(text: Any) -> None:
    to_shelter = form(recipient=End("rosewood", "Rosewood House", womens=True))

    assert "named" in Page(form_page(of_shelter(), text)).boxes()
    assert "named" not in Page(form_page(form(), text)).boxes() + Page(form_page(to_shelter, text)).boxes()
    assert text.say("risk.place") in form_page(of_shelter(), text)
    assert text.say("risk.place") not in form_page(form(), text)


@LANGUAGES
def test_where_a_womens_service_is_an_end_of_it_it_is_signed_on_paper_and_no_family_interprets(text: Any) -> None:
    to_shelter = form(recipient=End("rosewood", "Rosewood House", womens=True))

    for strict in (of_shelter(), to_shelter):
        page = Page(form_page(strict, text))
        assert not page.all("//*[@id='verbal'] | //*[@id='interpreter-family']")
        assert text.say("worker.paper_only") in page.source
    assert "interpreter-family" in Page(form_page(form(), text)).boxes()


@LANGUAGES
def test_the_note_on_a_consent_in_talk_has_its_three_parts_and_its_days(text: Any) -> None:
    (note,) = Page(form_page(form(verbal_days=9), text)).all("//fieldset[@id='verbal']")

    for key in ("verbal_who", "verbal_what", "verbal_why"):
        assert text.say(f"worker.{key}") in note.text_content()
    assert text.say("worker.verbal_due", days=9) in note.text_content()


@LANGUAGES
def test_there_are_places_for_the_pen(text: Any) -> None:
    said = Page(form_page(form(), text)).said()

    for key in (
        "name",
        "signature",
        "date",
        "interpreter_language",
        "other_name",
        "other_role",
        "other_paper",
        "reads",
    ):
        assert text.say(f"sign.{key}") in said
    for key in ("name", "when", "kept"):
        assert text.say(f"worker.{key}") in said
    assert {text.say(f"sign.{key}") for key in ("self", "other", "independent", "qualified", "staff")} <= set(said)


@LANGUAGES
def test_what_comes_from_elsewhere_is_text(text: Any) -> None:
    name = "<b>\"Tom & Ann's {place}</b>"
    page = form_page(form(recipient=End("lakeside", name, womens=False)), text)

    assert "<b>" not in page
    assert "&lt;b&gt;&#34;Tom &amp; Ann&#39;s {place}&lt;/b&gt;" in page


def test_all_the_words_of_a_page_are_in_the_text() -> None:
    marked = replace(
        EN,
        words={
            part: {key: f"§{' '.join(_names(value))}" for key, value in texts.items()}
            for part, texts in EN.words.items()
        },
    )
    for said in Page(form_page(of_shelter(), marked)).said():
        assert said.startswith("§"), f"`{said}` stands in the template"


def test_a_form_asks_no_more_than_the_agreement_and_the_purpose_allow() -> None:
    few = (
        Category.IDENT,
        Category.NEEDS,
        Category.EMPLOY,
        Category.SUBSTANCE,
        Category.RACE_INDIG,
        Category.JUSTICE_YOUTH,
    )
    found = asked(agreement(categories=few), Purpose.REFERRAL)

    assert [each.category for each in found.what] == [few[0], few[1], few[2], few[3]]
    assert [(each.purpose, each.needs) for each in found.why] == [(Purpose.REFERRAL, (Category.IDENT, Category.NEEDS))]


def test_what_nobody_could_send_is_not_asked_for() -> None:
    assert asked(agreement(events=())) == Offer(), "an empty list covers nothing (I-18)"
    assert asked(agreement(purposes=())) == Offer()
    assert asked(agreement(categories=(Category.NEEDS,)), Purpose.REFERRAL) == Offer(), "a referral needs IDENT"
    assert asked(agreement(events=("notify-update-process-request",))) == Offer(), "an answer is no referral"
    assert [each.purpose for each in everything().why] == list(ASKED)
    assert {Purpose.FUNDER_REPORT, Purpose.RESEARCH, Purpose.CLIENT_COPY}.isdisjoint(ASKED)
    never = {Category.JUSTICE_YOUTH, Category.JUSTICE_ADULT, Category.RACE_INDIG}
    assert never.isdisjoint(each.category for each in everything().what)


def test_of_two_agreements_that_cover_the_same_the_narrower_counts() -> None:
    narrow = agreement(agreement_id="b", categories=(Category.IDENT, Category.NEEDS), purposes=(Purpose.REFERRAL,))

    found = offer([agreement(), narrow], RULES, [Purpose.REFERRAL])

    assert {each.category for each in found.what} == {Category.IDENT, Category.NEEDS}


def test_immigration_is_a_yes_or_no_for_a_referral_and_whole_to_see_if_somebody_may_get_a_service() -> None:
    def coarse(*purposes: Purpose) -> bool:
        return next(each.coarse for each in asked(agreement(), *purposes).what if each.category is Category.IMMIG)

    assert coarse(Purpose.REFERRAL)
    assert not coarse(Purpose.ELIGIBILITY)
    assert not coarse(Purpose.REFERRAL, Purpose.ELIGIBILITY)
    referral = form_page(form(offer=asked(agreement(), Purpose.REFERRAL)), EN)
    assert "your status in Canada (only a yes or no)" in referral


def test_that_they_may_tell_how_it_went_stands_there_only_where_they_may() -> None:
    one_way = form(offer=asked(agreement(discloser="harbour"), Purpose.REFERRAL))

    assert EN.say("who.back") in form_page(form(offer=asked(agreement(), Purpose.REFERRAL)), EN)
    assert EN.say("who.back") not in form_page(one_way, EN)
    assert EN.say("who.back") not in form_page(form(offer=asked(agreement(), Purpose.FOLLOW_UP)), EN)


def _names(text: str) -> list[str]:
    return [word for word in text.replace("{", " {").replace("}", "} ").split() if word[0] == "{"]

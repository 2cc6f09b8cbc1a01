"""Which facts packs read: said by paths of the catalogue, wherever in a pack they are read."""

import orjson

from regulars.rules.catalogue import BUILT_IN
from regulars.rules.fact_reading import facts_read
from regulars.rules.starters import starter_codes, starter_text

PACK = {
    "scope": {"tiers": ["gold"], "places": ["east"]},
    "calendar": {"weekdays": [2], "hours": [{"from": "08:00", "until": "10:00"}]},
    "rules": [
        {
            "when": {
                "and": [
                    {"==": [{"var": "store.custom.format"}, "flagship"]},
                    {
                        "some": [
                            {"var": "purchase.lines"},
                            {"and": [{"var": ["custom", "local"]}, {"val": [[2], "member", "frozen"]}]},
                        ]
                    },
                ]
            },
            "earn": {"lines": {"==": [{"var": "kind"}, "goods"]}},
        }
    ],
    "cases": [{"given": {"scope": {"channels": ["app"]}, "x": {"var": "member.tags"}}}],
}


def test_a_pack_reads_what_its_rules_and_its_gates_name_and_not_what_its_cases_give() -> None:
    assert facts_read(PACK) == {
        *(
            "member.tier",
            "store.code",
            "store.branch",
            "calendar.weekday",
            "calendar.hour",
            "calendar.minute",
        ),
        *("store.custom.format", "purchase.lines", "custom.local", "member.frozen", "kind"),
    }


def test_every_fact_that_a_starter_reads_is_in_the_catalogue() -> None:
    known = {*BUILT_IN.document, *BUILT_IN.lines}
    for code in starter_codes():
        assert facts_read(orjson.loads(starter_text(code))) <= known, code

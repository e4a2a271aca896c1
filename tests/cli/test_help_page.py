from __future__ import annotations

from absl import flags

from tfse.cli.help_page import help_page

MODULE = __name__
NAMES = {
    "help_page_text": flags.DEFINE_string("help_page_text", None, "A text."),
    "help_page_count": flags.DEFINE_integer("help_page_count", 3, "A count."),
    "help_page_on": flags.DEFINE_bool("help_page_on", True, "A switch."),
    "help_page_off": flags.DEFINE_bool("help_page_off", False, "Another."),
    "help_page_choice": flags.DEFINE_enum("help_page_choice", "a", ["a", "b"], "A choice."),
}


def test_flags_are_in_groups_with_usage_and_default() -> None:
    page = help_page("What it does.\n", MODULE, {"First": ["help_page_text", "not_there"]})
    assert page.splitlines()[:4] == [
        "What it does.",
        "",
        "First:",
        "  --help_page_text=TEXT         A text.",
    ]
    for line in (
        "  --help_page_choice=a|b        A choice. [a]",
        "  --help_page_count=N           A count. [3]",
        "  --help_page_off               Another.",
        "  --[no]help_page_on            A switch.",
    ):
        assert line in page.partition("Other:")[2].splitlines()


def test_without_groups_there_is_one_list() -> None:
    page = help_page("", MODULE, {})
    assert "Flags:" in page
    assert all(f"{name}" in page for name in NAMES)

"""A request as a value: what is sent, and what may be shown of it."""

from infra.delivery.requests import Request


class Careful(Request):
    """A party whose filters nobody may see."""

    def shows(self, name: str) -> bool:
        """Tell whether a parameter's value may be shown."""
        return name == "limit"


def test_what_is_sent_is_encoded_and_what_is_shown_is_not() -> None:
    """Names and values as they were given, so that people can read them."""
    request = Request("GET", "employees/17", {"day": "a b", "page": 2})
    assert (request.path, request.shown) == ("employees/17?day=a+b&page=2", "employees/17?day=a b&page=2")
    assert (request.kind, Request("GET", "employees").path) == ("employees", "employees")


def test_a_value_that_must_not_be_shown_is_left_out_of_all_that_is_printed() -> None:
    """Also of the request as Python prints it; a name that comes often is said once."""
    request = Careful("GET", "people", (("mail", "anna@x.se"), ("mail", "bo@x.se"), ("limit", "5")), b"anna@x.se")
    assert request.shown == "people?mail=…&limit=5"
    assert "@" not in repr(request)
    assert request.path == "people?mail=anna%40x.se&mail=bo%40x.se&limit=5"


def test_a_long_query_is_cut() -> None:
    """The audit trail keeps many of them."""
    assert len(Request("GET", "people", tuple((f"id{n}", "1" * 30) for n in range(50))).shown) == 300


def test_the_same_question_for_a_later_part_of_the_list() -> None:
    """It stays the party's own kind of request."""
    request = Careful("GET", "people", (("limit", "5"),)).at(10)
    assert (type(request), request.params) == (Careful, (("limit", "5"), ("offset", "10")))

"""What is made of a message once: as long as that very message lives, and of nothing else."""

from schemas.base import Message, once


class _Word(Message):
    """A message."""

    text: str


def test_it_is_made_once_of_a_message_and_anew_of_every_other() -> None:
    """A copy with other values and a message that is equal are others."""
    asked: list[str] = []

    @once
    def shouted(word: _Word) -> str:
        asked.append(word.text)
        return word.text.upper()

    word = _Word(text="ja")
    assert [shouted(word), shouted(word), shouted(word.model_copy(update={"text": "nej"}))] == ["JA", "JA", "NEJ"]
    assert shouted(_Word(text="ja")) == "JA"
    assert asked == ["ja", "nej", "ja"]


def test_it_goes_with_its_message_however_many_take_its_place() -> None:
    """An id of a message that is gone is another message's."""

    @once
    def length(word: _Word) -> list[int]:
        return [len(word.text)]

    assert all(length(_Word(text="a" * number)) == [number] for number in range(1000))

"""Why `up` will not start: one line that says what is wrong and what to do about it."""


class Refusal(Exception):
    """Something that only the person who started us can change. Its text is the whole message."""

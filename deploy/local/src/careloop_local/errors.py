"""What goes wrong on one machine, told to the person at the terminal."""


class LocalError(Exception):
    """The message is the whole report; `status` is the exit status of the command."""

    status = 1

"""What ends the script: a sentence and an exit status, xling's own."""

USAGE, BAD_DATA, INPUT_OUTPUT, INTERRUPTED = 64, 65, 74, 130


class Failure(Exception):
    def __init__(self, status, sentence):
        super().__init__(sentence)
        self.status = status

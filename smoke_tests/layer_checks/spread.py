"""What a compute engine's workers do for its check: enough that one of them cannot do it all."""


def square_slowly(number):
    """The square, after a moment."""
    import time

    time.sleep(0.1)
    return number * number

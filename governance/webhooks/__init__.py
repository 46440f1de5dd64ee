"""Messages to other systems when something happens here: signed, repeated until they are taken, told of in a list."""

"""What somebody who leaves still holds, and giving it to others.

`sorts` says what can be held, how it is found and what becomes of it; `queries` reads it; `actions` hands it over;
`parting` takes the name of somebody who left nothing behind out of the tables.
"""

"""What a user would take instead of us, each as one script that knows nothing of our program.

A script is run by its path in an environment of its own, made on demand; it reads a folder of files laid out as
FUND/DAY*.csv, each with the ARK columns, and prints what it did as JSON in its last line.
"""

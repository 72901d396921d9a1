"""The scoreboard: what the program says about a folder of real files, against what is known to be true.

`uv run python -m tests.accuracy --data FOLDER` loads the files through the product and judges the result;
every expectation comes from the folder (notified trades, labels, cases), none from the product.
"""

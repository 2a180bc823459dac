"""One folder for each flow: pure rules that turn facts into orders."""

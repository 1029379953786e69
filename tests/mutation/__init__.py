"""`make mutate`: whether the tests notice when money and scoring code is changed in one place."""

"""Names as they are searched and compared: without case, spaces, apostrophes, other marks and diacritics."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from django.db import models


def fold(text: str) -> str:
    """Return the letters and digits of `text` alone: `Jum’at  Berkah`, `JUMAT BERKAH` and `jum'at berkah` are one."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if letter.isalnum()).casefold()


class FoldedField(models.CharField):  # type: ignore[type-arg]  # not subscriptable at run time
    """The text of other fields of the row, folded by `fold` whenever the row is saved; nobody sets it."""

    def __init__(self, *args: Any, of: tuple[str, ...] = (), **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **{"max_length": 250, "editable": False, "blank": True, "default": "", **kwargs})

    def deconstruct(self) -> Any:
        """Name the fields it follows in migrations too."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Fold the texts as they are now."""
        key = fold(" ".join(str(getattr(model_instance, name)) for name in self.of))[: self.max_length]
        setattr(model_instance, self.attname, key)
        return key


class FoldedModel(models.Model):
    """A model with `FoldedField`s, which are saved with the fields they follow."""

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save what follows a field together with it."""
        if update_fields is not None:
            named = set(update_fields)
            folded = (field for field in self._meta.concrete_fields if isinstance(field, FoldedField))
            update_fields = named | {field.name for field in folded if named & set(field.of)}
        super().save(*args, update_fields=update_fields, **kwargs)

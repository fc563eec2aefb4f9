"""A writer's files in a folder, under the addresses that they will have in Azure: pyiceberg's own writer does not speak to the emulator."""

import os

from pyiceberg.io.pyarrow import PyArrowFileIO


class FilesOfAzure(PyArrowFileIO):
    def new_input(self, location):
        return super().new_input(self._path(location))

    def new_output(self, location):
        path = self._path(location)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return super().new_output(path)

    def _path(self, location):
        return os.path.join(os.environ["LAKE_FOLDER"], location.removeprefix("az://"))

"""The archive: originals under their SHA-256.

archive = FilesArchive(Path("archive"))
await archive.put(digest, source)            # durable when it returns
async for chunk in archive.get(digest): ...  # re-hashed on the way
"""

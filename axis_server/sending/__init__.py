"""Sending: everything that speaks against a package, said beforehand or at the door, and what is kept.

`examination` is what `intake` (send) and `preflight` (check) share; `threads` and `earlier` say what a
package does to earlier documents, `fitness` what recipients take, `cautions` what is odd; `uploads` takes
large files.
"""

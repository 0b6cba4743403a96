"""The job creator: a job from the wish to the checked result, whichever command or process asks for it."""

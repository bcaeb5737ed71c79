//! What is said: frames, the table of APIs, the door to the messages. Built and read in `broker` and `client` only.

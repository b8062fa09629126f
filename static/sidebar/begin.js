/* The last part: everything is in place. */
side.start();

segue_library(NAME cli_terminal SOURCES progress_bar.cpp table.cpp terminal.cpp LINKS segue::core PRIVATE_LINKS fmt::fmt)

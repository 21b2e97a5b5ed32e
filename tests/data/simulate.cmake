segue_test(NAME simulate_log SOURCES simulate_log_test.cpp LINKS segue::data ZLIB::ZLIB PkgConfig::zstd)

segue_test(NAME tune
  SOURCES tune_als_test.cpp tune_log_test.cpp tune_report_test.cpp tune_space_test.cpp tune_test.cpp
  LINKS segue::evaluate)

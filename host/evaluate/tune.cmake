target_sources(segue_evaluate PRIVATE
  tune.cpp tune_als.cpp tune_als_keys.cpp tune_confirm.cpp tune_data.cpp tune_importance.cpp tune_log.cpp tune_report.cpp
  tune_runner.cpp tune_space.cpp)
target_link_libraries(segue_evaluate PUBLIC segue::report PRIVATE nlohmann_json::nlohmann_json)

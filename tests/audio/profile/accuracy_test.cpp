#include "segue/audio/accuracy.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

Labels labelled(int key, int mode, double tempo, std::optional<Metre> metre) {
  Labels labels;
  labels.key = key;
  labels.mode = mode;
  labels.tempo = tempo;
  labels.metre = metre;
  return labels;
}

SongProfile heard(int key, int mode, double tempo, int signature) {
  SongProfile profile;
  profile.key = key;
  profile.mode = mode;
  profile.tempo = tempo;
  profile.time_signature = signature;
  return profile;
}

// mir_eval 0.8.2, tempo.detection() with tol=0.04 and one tempo.
TEST(TempoAccuracy, AsMirEval) {
  EXPECT_TRUE(tempo_accuracy1(124.8, 120));
  EXPECT_FALSE(tempo_accuracy1(124.81, 120));
  EXPECT_TRUE(tempo_accuracy1(115.2, 120));
  EXPECT_FALSE(tempo_accuracy1(115.19, 120));
  EXPECT_TRUE(tempo_accuracy1(91, 90));
  EXPECT_FALSE(tempo_accuracy1(200, 100));
  EXPECT_FALSE(tempo_accuracy1(NAN, 100));
}

TEST(TempoAccuracy, SecondAllowsDoubleTripleHalfAndThird) {
  for (const double estimated : {100.0, 200.0, 300.0, 50.0, 33.333, 103.9, 192.1})
    EXPECT_TRUE(tempo_accuracy2(estimated, 100)) << estimated;
  for (const double estimated : {150.0, 66.7, 400.0, 25.0, 0.0, 110.0, static_cast<double>(NAN)})
    EXPECT_FALSE(tempo_accuracy2(estimated, 100)) << estimated;
}

// mir_eval 0.8.2, key.weighted_score() of C against each key, but for fifths below the truth, which it gives nothing
// and MIREX's "perfect fifth" counts like those above.
TEST(WeightedKeyScore, AsMirEval) {
  constexpr double kSameMode[12] = {1, 0, 0, 0, 0, 0.5, 0, 0.5, 0, 0, 0, 0};
  constexpr double kMinorForMajor[12] = {0.2, 0, 0, 0, 0, 0, 0, 0, 0, 0.3, 0, 0};
  constexpr double kMajorForMinor[12] = {0.2, 0, 0, 0.3, 0, 0, 0, 0, 0, 0, 0, 0};
  for (int truth = 0; truth < 12; ++truth)
    for (int up = 0; up < 12; ++up) {
      const int key = (truth + up) % 12;
      EXPECT_EQ(weighted_key_score(key, 1, truth, 1), kSameMode[up]) << truth << " " << up;
      EXPECT_EQ(weighted_key_score(key, 0, truth, 0), kSameMode[up]) << truth << " " << up;
      EXPECT_EQ(weighted_key_score(key, 0, truth, 1), kMinorForMajor[up]) << truth << " " << up;
      EXPECT_EQ(weighted_key_score(key, 1, truth, 0), kMajorForMinor[up]) << truth << " " << up;
    }
  EXPECT_EQ(weighted_key_score(-1, -1, 0, 1), 0);
}

// scipy 1.17.1, binomtest(k, n).proportion_ci(0.95, "wilson").
TEST(ShareInterval, AsScipy) {
  struct Case {
    std::int64_t right, of;
    double low, high;
  };
  for (const Case& c : {Case{0, 7, 0, 0.35433043506668743}, Case{3, 10, 0.10779126740630102, 0.6032218525388546},
                        Case{42, 50, 0.7148578393696501, 0.916625793219666}, Case{50, 50, 0.9286524008666412, 1},
                        Case{27, 43, 0.4785980915968847, 0.7562366099034942}}) {
    const Share share{c.right, c.of};
    EXPECT_NEAR(share.low(), c.low, 1e-12);
    EXPECT_NEAR(share.high(), c.high, 1e-12);
  }
  EXPECT_EQ(Share{}.value(), 0);
  EXPECT_EQ(Share{}.low(), 0);
  EXPECT_EQ(Share{}.high(), 1);
}

TEST(MeasureAccuracy, LeavesOutWhatIsNotKnown) {
  const std::vector<Labels> labels{labelled(0, 1, 120, Metre::four_four), labelled(-1, -1, 0, std::nullopt),
                                   labelled(9, 0, 100, Metre::seven_eight), labelled(-1, 0, 80, Metre::three_four),
                                   labelled(4, 1, 60, Metre::three_four)};
  const std::vector<SongProfile> profiles{heard(7, 1, 60, 4), heard(3, 0, 99, 5), heard(9, 0, 200, 4),
                                          heard(2, 0, 81, 3), heard(-1, -1, 60, 6)};
  const AccuracyReport report = measure_accuracy(labels, profiles);
  EXPECT_EQ(report.tempo1.of, 3);  // not the second, which has none, nor the third, in 7/8
  EXPECT_EQ(report.tempo1.right, 2);
  EXPECT_EQ(report.tempo2.right, 3);
  EXPECT_EQ(report.keys, 3);
  EXPECT_EQ(report.key_exact.right, 1);
  EXPECT_DOUBLE_EQ(report.key_weighted, (0.5 + 1 + 0) / 3);
  EXPECT_EQ(report.mode.of, 4);
  EXPECT_EQ(report.mode.right, 3);
  EXPECT_EQ(report.metre[0].of, 2);
  EXPECT_EQ(report.metre[0].right, 1);
  EXPECT_EQ(report.metre[1].right, 1);
  EXPECT_EQ(report.metre[4].right, 0);
  EXPECT_EQ(report.metre_confusion[4][1], 1);
  EXPECT_EQ(report.metre_confusion[0][3], 1);
  EXPECT_DOUBLE_EQ(report.metre_macro, (0.5 + 1 + 0) / 3);
}

TEST(MeasureAccuracy, RefusesDifferentNumbers) {
  const std::vector<Labels> labels(2);
  const std::vector<SongProfile> profiles(3);
  EXPECT_THROW(measure_accuracy(labels, profiles), InvalidArgument);
}

TEST(MeasureReliability, TenBinsOfEqualCount) {
  std::vector<double> confidence;
  std::vector<bool> right;
  for (int i = 0; i < 1000; ++i) {
    confidence.push_back((999 - i + 0.5) / 1000);
    right.push_back(i % 2 == 0);  // half right whatever was said
  }
  const Reliability result = measure_reliability(confidence, right);
  ASSERT_EQ(result.count.size(), 10u);
  for (std::size_t bin = 0; bin < 10; ++bin) {
    EXPECT_EQ(result.count[bin], 100);
    EXPECT_NEAR(result.confidence[bin], 0.05 + 0.1 * static_cast<double>(bin), 1e-9);
    EXPECT_DOUBLE_EQ(result.accuracy[bin], 0.5);
  }
  EXPECT_NEAR(result.expected_calibration_error, 0.25, 1e-9);  // mean of |0.05 − 0.5|, |0.15 − 0.5|, …
}

TEST(MeasureReliability, FewerThanTenAndNone) {
  const Reliability three = measure_reliability(std::vector<double>{0.9, 0.5, 0.1}, {true, true, false});
  EXPECT_EQ(three.count, (std::vector<std::int64_t>{1, 1, 1}));
  EXPECT_NEAR(three.expected_calibration_error, (0.1 + 0.5 + 0.1) / 3, 1e-12);
  EXPECT_EQ(measure_reliability({}, {}).count.size(), 0u);
  EXPECT_EQ(measure_reliability({}, {}).expected_calibration_error, 0);
  EXPECT_THROW(measure_reliability(std::vector<double>{0.1}, {}), InvalidArgument);
}

}  // namespace
}  // namespace segue::audio

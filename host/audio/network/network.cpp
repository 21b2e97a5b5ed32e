#include "segue/audio/network.hpp"

#include <cmath>

#include "host/audio/network/prediction.hpp"

namespace segue::audio {
namespace {

class LayerNetwork : public Network {
 public:
  LayerNetwork(Device device, const Weights& weights, Precision precision)
      : weights_(weights),
        front_end_(front_end_of(weights)),
        ops_(make_layer_ops(device, precision)),
        listener_(*ops_, weights_, front_end_),
        temperatures_(temperatures_of(weights)),
        embedding_(weights) {
    const Features silence = {Matrix<float>(1, front_end_.mel_bands.bands, 0.0f),
                              Matrix<float>(1, front_end_.harmonic_bands.bands, 0.0f)};
    predict({&silence, 1});  // every tensor is asked for: what is missing is said now
  }

  const FrontEndOptions& front_end() const override { return front_end_; }
  int embedding_dimension() const override { return embedding_.dimension(); }

  std::vector<Prediction> predict(std::span<const Features> clips) override {
    std::vector<Heard> heard(clips.size());
    listener_.hear_harmony(clips, heard);
    listener_.hear_rhythm(clips, heard);
    std::vector<Prediction> predictions;
    for (Heard& clip : heard)
      predictions.push_back(prediction_of(std::move(clip), temperatures_, embedding_));
    return predictions;
  }

 private:
  Weights weights_;
  FrontEndOptions front_end_;
  std::unique_ptr<LayerOps> ops_;
  Listener listener_;
  Temperatures temperatures_;
  Embedding embedding_;
};

}  // namespace

double tempo_of_class(double tempo_class) {
  return kTempoLow * std::exp(kTempoStep * tempo_class);
}

std::unique_ptr<Network> make_network(Device device, const Weights& weights, Precision precision) {
  return std::make_unique<LayerNetwork>(device, weights, precision);
}

}  // namespace segue::audio

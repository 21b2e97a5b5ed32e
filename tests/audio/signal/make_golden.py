#!/usr/bin/env python3
"""Makes the golden files tests/data/audio/librosa_*.npy with librosa 0.11.0.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install librosa==0.11.0
    /tmp/golden/bin/python tests/audio/signal/make_golden.py tests/data/audio
"""

import sys
from pathlib import Path

import librosa
import numpy as np

RATE = 22050


def chirp_and_noise(samples):
    """As chirp_and_noise() in signals.hpp: 200 Hz rising by 8 kHz a second, and noise by a congruential generator."""
    t = np.arange(samples) / RATE
    noise = np.empty(samples)
    state = 1
    for i in range(samples):
        state = (1664525 * state + 1013904223) % 2**32
        noise[i] = state / 2**32 - 0.5
    return (0.5 * np.sin(2 * np.pi * (200 * t + 4000 * t * t)) + 0.1 * noise).astype(np.float32)


def main():
    folder = Path(sys.argv[1])

    def save(name, values):
        np.save(folder / f"librosa_{name}.npy", np.ascontiguousarray(values.T, dtype=np.float32))

    signal = chirp_and_noise(5000)
    save("stft_power", np.abs(librosa.stft(signal, n_fft=1024, hop_length=700)) ** 2)
    save("stft_power_640", np.abs(librosa.stft(signal, n_fft=640, hop_length=480, center=False)) ** 2)
    mel = librosa.feature.melspectrogram(y=signal, sr=RATE, n_fft=2048, hop_length=512)
    save("mel_power", mel)
    save("mel_db", librosa.power_to_db(mel, top_db=None))
    front_end = librosa.filters.mel(sr=RATE, n_fft=2048, n_mels=40, fmin=20, fmax=10000, htk=True, norm=1.0)
    spectrum = np.abs(librosa.stft(signal, n_fft=2048, hop_length=512)) ** 2
    save("mel_htk_magnitude", np.sqrt(front_end @ spectrum))
    # [filters x bins], transposed by save() as the others
    save("filters_htk", librosa.filters.mel(sr=8000, n_fft=256, n_mels=12, fmin=50, fmax=3800, htk=True, norm=None).T)
    save("filters_slaney", librosa.filters.mel(sr=8000, n_fft=96, n_mels=80).T)


if __name__ == "__main__":
    main()

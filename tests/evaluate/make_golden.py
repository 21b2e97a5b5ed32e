#!/usr/bin/env python3
"""Writes golden_metrics.hpp: small random rankings, and what ranx, RecBole and scikit-learn say of them.

    pip install ranx scikit-learn && pip install --no-deps recbole
    python tests/evaluate/make_golden.py > tests/evaluate/golden_metrics.hpp
"""
import importlib.util
import sys
import types

import numpy as np
import ranx
import sklearn
from sklearn.metrics import roc_auc_score

USERS, SONGS = 16, 40


def recbole_metrics():
    """RecBole's metrics.py alone: the rest of the package wants torch, which these metrics do not use."""
    np.float = float  # it was written for an older NumPy
    utils = types.ModuleType("recbole.utils")
    utils.EvaluatorType = types.SimpleNamespace(RANKING=0, VALUE=1)
    helpers = types.ModuleType("recbole.evaluator.utils")
    helpers._binary_clf_curve = None
    for name in ("torch", "recbole", "recbole.evaluator"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules |= {"recbole.utils": utils, "recbole.evaluator.utils": helpers}
    folder = importlib.util.find_spec("ranx").origin.split("ranx")[0] + "recbole/evaluator/"
    for name in ("base_metric", "metrics"):
        spec = importlib.util.spec_from_file_location(f"recbole.evaluator.{name}", folder + name + ".py")
        module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["recbole.evaluator.metrics"]


def cases():
    """Scores without ties, 1 to 14 songs held out, 0 to 12 seen."""
    rng = np.random.default_rng(2011)
    scores = np.array([rng.permutation(1000)[:SONGS] for _ in range(USERS)])
    held_out, seen = np.zeros((2, USERS, SONGS), bool)
    for user in range(USERS):
        order = rng.permutation(SONGS)
        wanted = 1 + rng.integers(14)
        held_out[user, order[:wanted]] = True
        seen[user, order[wanted : wanted + rng.integers(13)]] = True
        scores[user, held_out[user]] += 150  # a model that knows something
        scores[user] = scores[user] * SONGS + np.arange(SONGS)  # no ties
    return scores, held_out, seen


def of_ranx(scores, held_out, seen):
    qrels = {f"u{u:02}": {f"s{i}": 1 for i in np.flatnonzero(held_out[u])} for u in range(USERS)}
    run = {f"u{u:02}": {f"s{i}": float(scores[u, i]) for i in np.flatnonzero(~seen[u])} for u in range(USERS)}
    names = {"ndcg@5": "ndcg@5", "ndcg@10": "ndcg@10", "recall@5": "recall@5", "recall@20": "recall@20",
             "precision@10": "precision@10", "hit-rate@1": "hit_rate@1", "mrr": "mrr", "map@20": "map@20"}
    values = ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), list(names.values()), return_mean=False)
    return {f"ranx {ours}": values[theirs] for ours, theirs in names.items()}


def of_recbole(metrics, scores, held_out, seen):
    places = np.argsort(-np.where(seen, -np.inf, scores), axis=1)[:, :20]
    hits = np.take_along_axis(held_out, places, axis=1)
    count = held_out.sum(axis=1)
    config = {"metric_decimal_place": 9, "topk": [20]}
    result = {}
    for name, metric in {"ndcg": "NDCG", "recall": "Recall", "map": "MAP"}.items():
        values = getattr(metrics, metric)(config).metric_info(hits, count)
        result |= {f"RecBole {name}@{k}": values[:, k - 1] for k in (5, 10, 20)}
    result["RecBole precision@10"] = metrics.Precision(config).metric_info(hits)[:, 9]
    result["RecBole hit-rate@10"] = metrics.Hit(config).metric_info(hits)[:, 9]
    gini = metrics.GiniIndex(config).get_gini(places[:, :10], SONGS)
    return result, gini


def of_sklearn(scores, held_out, seen):
    return {"scikit-learn auc": [roc_auc_score(held_out[u, ~seen[u]], scores[u, ~seen[u]]) for u in range(USERS)]}


def array(values):
    return "{" + ", ".join(f"{value!r}" for value in values) + "}"


def main():
    scores, held_out, seen = cases()
    theirs, gini = of_recbole(recbole_metrics(), scores, held_out, seen)
    golden = of_ranx(scores, held_out, seen) | theirs | of_sklearn(scores, held_out, seen)
    tied = of_sklearn(scores // 4000, held_out, seen)["scikit-learn auc"]
    rows = lambda matrix: ",\n    ".join(array([int(x) for x in row]) for row in matrix)
    print(f"""// Written by tests/evaluate/make_golden.py with ranx 0.3.21, RecBole 1.2.1, scikit-learn {sklearn.__version__}.
#pragma once

#include <string_view>

namespace segue::evaluate::golden {{

// clang-format off
constexpr int kUsers = {USERS};
constexpr int kSongs = {SONGS};
constexpr int kScores[kUsers][kSongs] = {{
    {rows(scores)}}};
constexpr bool kHeldOut[kUsers][kSongs] = {{
    {rows(held_out)}}};
constexpr bool kSeen[kUsers][kSongs] = {{
    {rows(seen)}}};

/// "library metric", by user.
struct Values {{
  std::string_view name;
  double values[kUsers];
}};
constexpr Values kValues[] = {{""")
    for name, values in golden.items():
        print(f'    {{"{name}", {array(float(value) for value in values)}}},')
    print(f"""}};
/// scikit-learn's AUC of kScores / 4000, which has ties.
constexpr double kTiedAuc[kUsers] = {array(float(value) for value in tied)};
/// RecBole's Gini index of the lists of 10.
constexpr double kGini10 = {float(gini)!r};
// clang-format on

}}  // namespace segue::evaluate::golden""")


if __name__ == "__main__":
    main()

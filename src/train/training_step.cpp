#include "training_step.h"

#include <cmath>

#include "clipsim/distributed/tensors.h"

namespace clipsim {

namespace {

// One batch of a step: this process's part of it and where that stands among the embeddings of the step.
struct Part {
    torch::Tensor embedded;  // [N, D], with the graph behind it where the step has one batch
    std::int64_t first = 0;
};

struct Embedded {
    std::vector<Part> parts;
    torch::Tensor embeddings;          // [B, D] of all batches and processes, a leaf
    torch::Tensor labels;              // [B]
    std::vector<std::size_t> samples;  // [B]
};

torch::Tensor embed(Stage& stage, const TrainBatch& batch) {
    return batch.samples.empty() ? stage.embed_training().narrow(0, 0, 0) : stage.embed(batch.input);
}

// Which samples the batch has on all processes.
std::vector<std::size_t> samples_of(const TrainBatch& batch, ProcessGroup& processes) {
    if (processes.size() == 1) return batch.samples;
    const std::vector<std::int64_t> own(batch.samples.begin(), batch.samples.end());
    const torch::Tensor all = gather_rows(processes, torch::tensor(own, torch::kInt64)).rows.contiguous();
    const auto* data = all.data_ptr<std::int64_t>();
    return {data, data + all.numel()};
}

// In the order of the batches, each in the order of the processes: as one process would have them.
Embedded embed_all(Stage& stage, const LabelledBatches& step, ProcessGroup& processes) {
    Embedded result;
    std::vector<torch::Tensor> embeddings;
    std::vector<std::int64_t> labels;
    std::int64_t row = 0;
    const torch::AutoGradMode with_graph(step.batches.size() == 1);
    for (const TrainBatch& batch : step.batches) {
        const torch::Tensor own = embed(stage, batch);
        const GatheredRows all = gather_rows(processes, own);
        result.parts.push_back({own, row + all.first});
        embeddings.push_back(all.rows);
        for (const std::size_t sample : samples_of(batch, processes)) {
            result.samples.push_back(sample);
            labels.push_back(step.labels[sample]);
        }
        row += all.rows.size(0);
    }
    result.embeddings = torch::cat(embeddings).requires_grad_();
    result.labels = torch::tensor(labels, torch::kInt64).to(result.embeddings.device());
    return result;
}

}  // namespace

LossValue backpropagate(const StepParts& parts, const LabelledBatches& step, double scale) {
    const auto& [stage, loss, memory, regularizer, processes] = parts;
    const Embedded all = embed_all(stage, step, processes);
    if (all.embeddings.size(0) < 2) return {};
    const LossValue value = loss.compute(memory.compare(all.embeddings, all.labels));
    memory.remember(all.embeddings, all.labels);
    if (value.is_empty || !std::isfinite(value.loss.item<double>())) return value;
    // The same on every process, and so are the gradients of the loss's own parameters. What is about the
    // model's weights counts once, for those are summed below.
    torch::Tensor total = value.loss;
    if (!regularizer.is_about_weights() || processes.is_first()) {
        const torch::Tensor penalty = regularizer.penalty(all.embeddings, all.samples);
        if (penalty.defined()) total = total + penalty;
    }
    total.backward(torch::full_like(total, scale));

    for (std::size_t i = 0; i < step.batches.size(); ++i) {
        const Part& part = all.parts[i];
        if (part.embedded.size(0) == 0) continue;
        const torch::Tensor output =
            step.batches.size() == 1 ? part.embedded : stage.embed(step.batches[i].input);
        output.backward(all.embeddings.grad().narrow(0, part.first, part.embedded.size(0)));
    }
    if (processes.size() == 1) return value;
    // Each process has what its own images contribute.
    std::vector<torch::Tensor> parameters;
    for (const ParameterGroup& group : stage.parameter_groups())
        for (const auto& [name, parameter] : group.parameters) parameters.push_back(parameter);
    sum_gradients(processes, parameters);
    return value;
}

}  // namespace clipsim

// Fine-tune, index and search in three calls.
//     three_calls PHOTOS OUTPUT QUERY.jpg      PHOTOS holds one folder per class
#include <clipsim/clipsim.h>

#include <iostream>

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: three_calls PHOTOS OUTPUT QUERY.jpg\n";
        return 2;
    }
    try {
        clipsim::Config config;  // every key has a default; load_config() reads a file
        config.data.root = argv[1];
        config.output_dir = argv[2];
        config.train.epochs = 3;

        const clipsim::TrainReport training = clipsim::train_model(config);
        std::cout << "Recall@1 " << training.before.recall_at_1 << " -> " << training.best.recall_at_1
                  << '\n';

        const clipsim::IndexSummary index = clipsim::build_index(config);
        std::cout << index.report.total << " images indexed\n";

        for (const clipsim::Hit& hit : clipsim::search_similar_images(config, argv[3], 5)) {
            std::cout << hit.rank << '\t' << hit.score << '\t' << hit.path.string() << '\n';
        }
        return 0;
    } catch (const clipsim::Error& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}

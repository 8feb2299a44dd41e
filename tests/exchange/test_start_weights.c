/* A run begins with weights of a safetensors file: under any names the same bits come back that
 * were written, other grids and classes are adapted to, and what does not fit is refused by name.
 */

#include "vit/start_weights.h"

#include "check.h"
#include "folder.h"
#include "vit/checkpoint.h"
#include "vit/digest.h"
#include "vit/positions.h"
#include "vit/safetensors.h"

typedef struct Model {
    Job job;
    ModelShape shape;
    ParameterTable table;
    float *weights; /* flat vector */
} Model;

enum { D = 8, DEPTH = 2, PATCH = 2, CHANNELS = 3 };

/* What a case changes of the small model. */
typedef struct Change {
    size_t grid, classes, depth, hidden;
    PoolKind pool;
    PositionKind position;
    size_t head;
} Change;

static const Change usual = {
    .grid = 3, .classes = 5, .depth = DEPTH, .hidden = 12, .pool = POOL_CLASS};

/* Weights are initial ones of that seed, but for zeros, which would hide what is mixed up. */
static Model model_of(Change change, uint64_t seed) {
    Model model;
    Job *job = &model.job;
    assert_ok(job_parse(job, "x.ini", "", 0, NULL));
    job->image_size = change.grid * PATCH;
    job->patch_size = PATCH;
    job->dim = D;
    job->heads = 2;
    job->key_dim = D / 2;
    job->depth = change.depth;
    job->mlp = (SizeList){.count = 2, .value = {change.hidden, D}};
    job->mlp_end = MLP_END_LINEAR;
    job->pool = change.pool;
    job->position = change.position;
    job->head = (SizeList){.count = change.head > 0, .value = {change.head}};
    model.shape = model_shape(job, CHANNELS, change.classes);
    assert_ok(parameter_table_init(&model.table, &model.shape));
    model.weights = test_array(model.table.floats, sizeof *model.weights);
    parameter_initialize(&model.table, seed, model.weights);
    for (size_t i = 0; i < model.table.count; i++) {
        const Parameter *entry = &model.table.entry[i];
        for (size_t k = 0; k < entry->count; k++)
            if (model.weights[entry->offset + k] == 0.0f)
                model.weights[entry->offset + k] = 0.001f * (float)(seed + i + k + 1);
    }
    return model;
}

static void model_free(Model *model) {
    memory_free(model->weights);
    parameter_table_free(&model->table);
}

static const Parameter *entry_of(const Model *model, const char *name) {
    for (size_t i = 0; i < model->table.count; i++)
        if (strcmp(model->table.entry[i].name, name) == 0)
            return &model->table.entry[i];
    fail_msg("there is no %s", name);
    return NULL;
}

static const float *values_of(const Model *model, const char *name) {
    return model->weights + entry_of(model, name)->offset;
}

static void assert_same(const Model *one, const Model *other, const char *name) {
    const Parameter *a = entry_of(one, name), *b = entry_of(other, name);
    assert_int_equal(a->count, b->count);
    assert_memory_equal(values_of(one, name), values_of(other, name), a->count * sizeof(float));
}

/* ---- files ---- */

/* A model's tensors as a file has them, which a test may change before they are written. */
typedef struct File {
    size_t count;
    SafetensorsSource source[64];
    float *values[64];
    char name[64][MAP_NAME];
} File;

static File file_of(const Model *model, TensorNames names) {
    File file = {0};
    TensorMap map;
    assert_ok(tensor_map_init(&map, names, &model->shape, &model->table));
    assert_true(map.count < 62);
    for (; file.count < map.count; file.count++) {
        const MapTensor *tensor = &map.tensor[file.count];
        SafetensorsSource *source = &file.source[file.count];
        float *values = test_array(tensor->count, sizeof *values);
        tensor_map_give(tensor, &model->table, model->weights, values);
        snprintf(file.name[file.count], MAP_NAME, "%s", tensor->name);
        *source = (SafetensorsSource){.axes = tensor->axes};
        for (size_t a = 0; a < tensor->axes; a++)
            source->shape[a] = tensor->shape[a];
        file.values[file.count] = values;
    }
    tensor_map_free(&map);
    return file;
}

static size_t number_of(const File *file, const char *name) {
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->name[i], name) == 0)
            return i;
    fail_msg("there is no %s", name);
    return 0;
}

static void add_tensor(File *file, const char *name) {
    const size_t i = file->count++;
    snprintf(file->name[i], MAP_NAME, "%s", name);
    file->source[i] = (SafetensorsSource){.axes = 1, .shape = {1}};
    file->values[i] = test_array(1, sizeof(float));
}

static void remove_tensor(File *file, const char *name) {
    const size_t i = number_of(file, name), last = --file->count;
    memory_free(file->values[i]);
    memcpy(file->name[i], file->name[last], MAP_NAME);
    file->source[i] = file->source[last];
    file->values[i] = file->values[last];
}

/* Every `part` in a name becomes `by`. */
static void rename_all(File *file, const char *part, const char *by) {
    for (size_t i = 0; i < file->count; i++) {
        char *at = strstr(file->name[i], part), rest[MAP_NAME];
        if (!at)
            continue;
        snprintf(rest, sizeof rest, "%s", at + strlen(part));
        const size_t before = (size_t)(at - file->name[i]);
        snprintf(at, MAP_NAME - before, "%s%s", by, rest);
    }
}

static const char weights_path[] = "w.safetensors";

static void write_file(File *file, const SafetensorsNote *notes, size_t count) {
    for (size_t i = 0; i < file->count; i++) {
        file->source[i].name = file->name[i];
        file->source[i].values = file->values[i];
    }
    assert_ok(safetensors_write(weights_path, file->source, file->count, notes, count));
}

/* In place of what the model has, which is for such data. */
static Status start_from(Model *model, const CheckpointData *data, StartReport *report) {
    const StartModel wants = {&model->job, &model->shape, &model->table, data};
    return start_weights_read(weights_path, &wants, model->weights, report);
}

/* Begins with the file, which tells of a job (or NULL). */
static Status start_with_job(File *file, const char *job_text, Model *model, StartReport *report) {
    const SafetensorsNote note = {"vit_mpi.job", job_text};
    const CheckpointData unknown = {0};
    write_file(file, &note, job_text != NULL);
    return start_from(model, &unknown, report);
}

static Status start_with(File *file, Model *model, StartReport *report) {
    return start_with_job(file, NULL, model, report);
}

static void file_free(File *file) {
    for (size_t i = 0; i < file->count; i++)
        memory_free(file->values[i]);
}

/* ---- the same model ---- */

static void check_all_taken(const Model *from, File *file, TensorNames names) {
    Model to = model_of(usual, 2);
    StartReport report;
    char wanted[DIGEST_TEXT], found[DIGEST_TEXT];
    assert_ok(start_with(file, &to, &report));
    assert_int_equal(report.names, names);
    assert_int_equal(report.left, 0);
    for (size_t i = 0; i < to.table.count; i++)
        assert_int_equal(report.fate[i], START_TAKEN);
    assert_ok(parameter_digest(&from->table, from->weights, wanted));
    assert_ok(parameter_digest(&to.table, to.weights, found));
    assert_string_equal(found, wanted);
    start_report_free(&report);
    model_free(&to);
}

static void the_same_bits_come_back_under_any_names(void **state) {
    (void)state;
    Model from = model_of(usual, 1);
    for (TensorNames names = TENSOR_NAMES_OWN; names <= TENSOR_NAMES_HUGGING_FACE; names++) {
        File file = file_of(&from, names);
        check_all_taken(&from, &file, names);
        file_free(&file);
    }
    model_free(&from);
}

/* transformers 5.x renames a block's layers; ViTModel has no "vit." in front. */
static void newer_names_of_hugging_face_are_known(void **state) {
    (void)state;
    static const char *const changes[][2] = {
        {"attention.attention.query", "attention.q_proj"},
        {"attention.attention.key", "attention.k_proj"},
        {"attention.attention.value", "attention.v_proj"},
        {"attention.output.dense", "attention.o_proj"},
        {"intermediate.dense", "mlp.fc1"},
        {"output.dense", "mlp.fc2"},
        {"vit.encoder.layer.", "vit.layers."},
    };
    Model from = model_of(usual, 1);
    File file = file_of(&from, TENSOR_NAMES_HUGGING_FACE);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        rename_all(&file, changes[i][0], changes[i][1]);
    check_all_taken(&from, &file, TENSOR_NAMES_HUGGING_FACE);
    rename_all(&file, "vit.", "");
    check_all_taken(&from, &file, TENSOR_NAMES_HUGGING_FACE);
    file_free(&file);
    model_free(&from);
}

/* Their positions have a row for the class token; ours has none, and only the sum is ever used. */
static void the_class_token_s_position_is_added_to_it(void **state) {
    (void)state;
    Model from = model_of(usual, 1), to = model_of(usual, 2);
    File file = file_of(&from, TENSOR_NAMES_TIMM);
    StartReport report;
    float *row = file.values[number_of(&file, "pos_embed")];
    for (size_t d = 0; d < D; d++) {
        assert_true(row[d] == 0.0f);
        row[d] = 0.5f * (float)d;
    }
    assert_ok(start_with(&file, &to, &report));
    for (size_t d = 0; d < D; d++)
        assert_true(values_of(&to, "class_token")[d] ==
                    values_of(&from, "class_token")[d] + 0.5f * (float)d);
    assert_same(&to, &from, "patch_embed/position");
    start_report_free(&report);
    file_free(&file);
    model_free(&from), model_free(&to);
}

/* ---- another task ---- */

static void other_classes_and_grids_are_adapted_to(void **state) {
    (void)state;
    Change change = usual;
    change.grid = 5;
    change.classes = 7;
    Model from = model_of(usual, 1);
    float wanted[5 * 5 * D];
    assert_ok(positions_resize(3, 5, D, values_of(&from, "patch_embed/position"), wanted));
    for (TensorNames names = TENSOR_NAMES_OWN; names <= TENSOR_NAMES_HUGGING_FACE; names++) {
        Model to = model_of(change, 2);
        File file = file_of(&from, names);
        StartReport report;
        assert_ok(start_with(&file, &to, &report));
        assert_memory_equal(values_of(&to, "patch_embed/position"), wanted, sizeof wanted);
        assert_true(report.grid_there == 3 && report.grid_here == 5 && report.classes_there == 5);
        for (size_t i = 0; i < to.table.count; i++) {
            const Parameter *entry = &to.table.entry[i];
            if (strncmp(entry->name, "logits/", 7) == 0) {
                assert_int_equal(report.fate[i], START_NEW_ZERO);
                for (size_t k = 0; k < entry->count; k++)
                    assert_true(to.weights[entry->offset + k] == 0.0f);
            } else if (strcmp(entry->name, "patch_embed/position") == 0) {
                assert_int_equal(report.fate[i], START_RESIZED);
            } else {
                assert_int_equal(report.fate[i], START_TAKEN);
                assert_same(&to, &from, entry->name);
            }
        }
        start_report_free(&report);
        file_free(&file);
        model_free(&to);
    }
    model_free(&from);
}

/* What the job does not have is left; what the file does not have stays as the seed made it, if it
 * is of the head or a position; and what comes after a new layer of the head is new. */
static void heads_and_positions_may_differ(void **state) {
    (void)state;
    Change change = usual, plain = usual;
    change.head = 6;
    change.pool = POOL_MEAN;
    change.position = POSITION_SINE;
    Model from = model_of(usual, 1), to = model_of(change, 2), kept = model_of(change, 2);
    File file = file_of(&from, TENSOR_NAMES_OWN);
    StartReport report;
    assert_ok(start_with(&file, &to, &report));
    assert_int_equal(report.left, 2);
    assert_string_equal(report.left_name[0], "class_token");
    assert_string_equal(report.left_name[1], "patch_embed/position");
    assert_same(&to, &kept, "head0/kernel");
    assert_true(values_of(&to, "logits/kernel")[0] == 0.0f &&
                values_of(&to, "logits/bias")[0] == 0.0f);
    assert_same(&to, &from, "norm/gamma");
    start_report_free(&report);
    file_free(&file);
    model_free(&to), model_free(&kept);

    /* Back: positions are new, and so are the logits, whose inputs are others. */
    plain.pool = POOL_MEAN;
    change.position = POSITION_NONE;
    Model without = model_of(change, 1), with = model_of(plain, 2);
    Model before = model_of(plain, 2);
    file = file_of(&without, TENSOR_NAMES_OWN);
    assert_ok(start_with(&file, &with, &report));
    assert_same(&with, &before, "patch_embed/position");
    assert_true(values_of(&with, "logits/kernel")[0] == 0.0f);
    assert_int_equal(report.left, 2); /* head0's */
    start_report_free(&report);
    file_free(&file);
    model_free(&from), model_free(&without), model_free(&with), model_free(&before);
}

enum { NAME = 8 };

/* Of data whose classes have these names, [5 * NAME]. */
static CheckpointData data_of(char *names) {
    return (CheckpointData){.height = 6,
                            .width = 6,
                            .channels = CHANNELS,
                            .mean = {1.0, 2.0, 3.0},
                            .variance = {1.0, 2.0, 3.0},
                            .classes = 5,
                            .name_bytes = NAME,
                            .name = names};
}

static void write_checkpoint(const char *path, const Model *model, const CheckpointData *data) {
    char *text;
    History history = {0};
    assert_ok(job_to_text(&model->job, &text));
    const Checkpoint checkpoint = {.table = &model->table,
                                   .weights = model->weights,
                                   .progress = progress_start(),
                                   .history = &history,
                                   .job_text = text,
                                   .data = data,
                                   .build = build_info_make("here", 1, 1)};
    assert_ok(checkpoint_write(path, &checkpoint));
    memory_free(text);
}

/* A checkpoint tells its classes: as many others, or the same in another order, want a last layer
 * of their own. */
static void a_last_layer_is_for_its_own_classes_only(void **state) {
    (void)state;
    char there[5][NAME] = {"apple", "bear", "cup", "dog", "ear"};
    char here[5][NAME] = {"apple", "bear", "cup", "ear", "dog"};
    const CheckpointData theirs = data_of(*there), others = data_of(*here), unknown = {0};
    const CheckpointData *const wanted[] = {&theirs, &others, &unknown};
    Model from = model_of(usual, 1);
    write_checkpoint("w.h5", &from, &theirs);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        Model to = model_of(usual, 2);
        StartReport report;
        const StartModel wants = {&to.job, &to.shape, &to.table, wanted[i]};
        assert_ok(start_weights_read("w.h5", &wants, to.weights, &report));
        assert_int_equal(report.other_classes, i == 1);
        assert_same(&to, &from, "norm/gamma");
        if (report.other_classes) {
            assert_int_equal(report.other_class, 3);
            assert_string_equal(report.class_there, "dog");
            assert_string_equal(report.class_here, "ear");
            assert_int_equal(report.fate[to.table.count - 2], START_NEW_ZERO);
            assert_true(values_of(&to, "logits/kernel")[0] == 0.0f &&
                        values_of(&to, "logits/bias")[0] == 0.0f);
        } else {
            assert_same(&to, &from, "logits/kernel");
            assert_same(&to, &from, "logits/bias");
        }
        start_report_free(&report);
        model_free(&to);
    }
    model_free(&from);
}

/* So does a file that vit_export made, under any names; what is no list of names tells nothing. */
static void notes_tell_the_classes(void **state) {
    (void)state;
    static const struct {
        const char *note;
        bool others;
    } cases[] = {{"[\"apple\",\"bear\",\"cup\",\"ear\",\"dog\"]", false},
                 {"[\"apple\",\"bear\",\"cup\",\"dog\",\"ear\"]", true},
                 {"[\"apple\",2,\"cup\",\"dog\",\"ear\"]", false},
                 {"apple", false},
                 {"[]", false}};
    char here[5][NAME] = {"apple", "bear", "cup", "ear", "dog"};
    const CheckpointData ours = data_of(*here);
    Model from = model_of(usual, 1);
    File file = file_of(&from, TENSOR_NAMES_TIMM);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Model to = model_of(usual, 2);
        StartReport report;
        const SafetensorsNote notes[] = {{"vit_mpi.classes", cases[i].note},
                                         {"vit_mpi.mean", "[0.2, 0.4, 0.6]"}};
        write_file(&file, notes, 2);
        assert_ok(start_from(&to, &ours, &report));
        assert_int_equal(report.other_classes, cases[i].others);
        assert_int_equal(report.data.channels, 3);
        assert_true(fabs(report.data.mean[1] - 102.0) <= 1e-9);
        assert_true((values_of(&to, "logits/kernel")[0] == 0.0f) == cases[i].others);
        start_report_free(&report);
        model_free(&to);
    }
    file_free(&file);
    model_free(&from);
}

static void poolers_and_missing_last_layers_do_not_matter(void **state) {
    (void)state;
    Model from = model_of(usual, 1), to = model_of(usual, 2);
    File file = file_of(&from, TENSOR_NAMES_HUGGING_FACE);
    StartReport report;
    remove_tensor(&file, "classifier.weight");
    remove_tensor(&file, "classifier.bias");
    add_tensor(&file, "vit.pooler.dense.bias");
    assert_ok(start_with(&file, &to, &report));
    assert_int_equal(report.left, 1);
    assert_string_equal(report.left_name[0], "vit.pooler.dense.bias");
    assert_int_equal(report.classes_there, 0);
    assert_true(values_of(&to, "logits/kernel")[0] == 0.0f);
    assert_same(&to, &from, "block1/mlp1/kernel");
    start_report_free(&report);
    file_free(&file);
    model_free(&from), model_free(&to);
}

/* ---- refused ---- */

static void assert_refused(File *file, Change change, size_t count, const char *const *said) {
    Model to = model_of(change, 2);
    StartReport report;
    assert_int_equal(start_with(file, &to, &report), STATUS_DATA);
    for (size_t i = 0; i < count; i++)
        if (!strstr(status_message(), said[i]))
            fail_msg("'%s' is not in: %s", said[i], status_message());
    start_report_free(&report);
    model_free(&to);
}

static void other_models_are_refused_by_all_keys(void **state) {
    (void)state;
    static const char *const keys[] = {"[model] depth is 2 there, 3 here",
                                       "[model] mlp's first width is 12 there, 16 here"};
    static const char *const tensors[] = {
        "tensor block0/mlp0/kernel is [8, 12] there, [8, 16] here", "it has no tensor block2/"};
    static const char *const more[] = {"its tensor block1/norm1/gamma has no place here"};
    static const char *const end[] = {"mlp_end = linear"};
    Change change = usual, shallow = usual;
    change.depth = 3;
    change.hidden = 16;
    shallow.depth = 1;
    Model from = model_of(usual, 1);
    File timm = file_of(&from, TENSOR_NAMES_TIMM), own = file_of(&from, TENSOR_NAMES_OWN);
    assert_refused(&timm, change, 2, keys);
    assert_refused(&own, change, 2, tensors);
    assert_refused(&own, shallow, 1, more);
    Model to = model_of(usual, 2);
    StartReport report;
    to.shape.mlp_end = MLP_END_GELU;
    assert_int_equal(start_with(&timm, &to, &report), STATUS_DATA);
    assert_non_null(strstr(status_message(), end[0]));
    start_report_free(&report);
    file_free(&timm), file_free(&own);
    model_free(&from), model_free(&to);
}

static void tensors_that_change_a_model_are_not_passed_over(void **state) {
    (void)state;
    static const char *const scale[] = {"its tensor blocks.0.ls1.gamma has no place here",
                                        "it has no tensor norm.weight"};
    static const char *const number[] = {"tensor 'norm.bias': value 3 is not finite"};
    static const char *const grid[] = {"its 8 positions beside the class token's are no square"};
    Model from = model_of(usual, 1);
    File file = file_of(&from, TENSOR_NAMES_TIMM);
    file.values[number_of(&file, "norm.bias")][3] = NAN;
    assert_refused(&file, usual, 1, number);
    file.values[number_of(&file, "norm.bias")][3] = 0.0f;
    file.source[number_of(&file, "pos_embed")].shape[1] -= 1;
    assert_refused(&file, usual, 1, grid);
    file.source[number_of(&file, "pos_embed")].shape[1] += 1;
    add_tensor(&file, "blocks.0.ls1.gamma");
    remove_tensor(&file, "norm.weight");
    assert_refused(&file, usual, 2, scale);
    file_free(&file);
    model_free(&from);
}

/* Two heads of 4 have tensors of the same shapes as four of 2. */
static void a_file_s_job_tells_the_heads(void **state) {
    (void)state;
    Model from = model_of(usual, 1), to = model_of(usual, 2);
    File file = file_of(&from, TENSOR_NAMES_TIMM);
    StartReport report;
    char *text;
    from.job.heads = 4;
    from.job.key_dim = 2;
    assert_ok(job_to_text(&from.job, &text));
    assert_int_equal(start_with_job(&file, text, &to, &report), STATUS_DATA);
    assert_non_null(strstr(status_message(),
                           "[model] heads is 4 there, 2 here; [model] key_dim is 2 "
                           "there, 4 here"));
    start_report_free(&report);
    file_free(&file);
    memory_free(text);
    model_free(&from), model_free(&to);
}

static void a_class_token_cannot_be_made_up(void **state) {
    (void)state;
    static const char *const said[] = {"it has no tensor class_token"};
    Change mean = usual;
    mean.pool = POOL_MEAN;
    Model from = model_of(mean, 1);
    File file = file_of(&from, TENSOR_NAMES_TIMM);
    assert_refused(&file, usual, 1, said);
    file_free(&file);
    model_free(&from);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(the_same_bits_come_back_under_any_names),
        test_in_folder(newer_names_of_hugging_face_are_known),
        test_in_folder(the_class_token_s_position_is_added_to_it),
        test_in_folder(other_classes_and_grids_are_adapted_to),
        test_in_folder(heads_and_positions_may_differ),
        test_in_folder(a_last_layer_is_for_its_own_classes_only),
        test_in_folder(notes_tell_the_classes),
        test_in_folder(poolers_and_missing_last_layers_do_not_matter),
        test_in_folder(other_models_are_refused_by_all_keys),
        test_in_folder(tensors_that_change_a_model_are_not_passed_over),
        test_in_folder(a_file_s_job_tells_the_heads),
        test_in_folder(a_class_token_cannot_be_made_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

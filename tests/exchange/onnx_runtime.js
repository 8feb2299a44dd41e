// onnx_runtime.js MODEL.onnx PLANES LOGITS IMAGES SIDE: runs the model in ONNX Runtime, all images at once and one alone, and
// fails where a logit differs from those given by more than 1e-4, or of small ones 1e-4 of the largest. For runtimes.sh.
const runtime = require('onnxruntime-node');
const fs = require('fs');

const TOLERANCE = 1e-4;

function readFloats(path) {
    const bytes = fs.readFileSync(path);
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

async function greatestDifference(session, planes, logits, images, side) {
    const input = new runtime.Tensor('float32', planes, [images, 3, side, side]);
    const result = (await session.run({pixel_values: input})).logits;
    if (result.data.length !== logits.length || result.dims[0] !== images)
        throw new Error(`logits are ${result.dims}`);
    return logits.reduce((most, wanted, i) => Math.max(most, Math.abs(wanted - result.data[i])), 0);
}

async function main([model, planesPath, logitsPath, images, side]) {
    const session = await runtime.InferenceSession.create(model, {intraOpNumThreads: 1});
    const planes = readFloats(planesPath);
    const logits = readFloats(logitsPath);
    const all = await greatestDifference(session, planes, logits, +images, +side);
    const one = await greatestDifference(session, planes.slice(0, planes.length / images),
                                         logits.slice(0, logits.length / images), 1, +side);
    const largest = logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    console.log(`${model}: logits up to ${largest.toFixed(2)}, differences up to ${all} and ${one}`);
    const most = TOLERANCE * Math.min(1, largest);
    // A difference that is no number fails, too.
    return all <= most && one <= most ? 0 : 1;
}

main(process.argv.slice(2)).then(code => process.exit(code), error => {
    console.error(error.message);
    process.exit(1);
});

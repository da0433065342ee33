import { assert } from '@ptychofleet/base';
import type { JsonObject, JsonValue } from './canonical-json.ts';

/** Legacy key → field of the run spec where the name is more than a change of case (bundle spec §3). */
const renamed: Readonly<Record<string, string>> = {
  'object.big': 'objectBig',
  'probe.big': 'probeBig',
  'probe.mask': 'probeMask',
  'probe.trainable': 'probeTrainable',
  'intensity_scale.trainable': 'intensityScaleTrainable',
  'positions.provided': 'positionsProvided',
  output_prefix: 'outputDir',
  train_data_file_path: 'trainDataFile',
  test_data_file_path: 'testDataFile',
};

/** The 61 canonical keys: ModelConfig, then TrainingConfig (configuration spec §2, §3), renames applied. */
export const legacyKeys: readonly string[] = [
  ...[
    'N',
    'gridsize',
    'n_filters_scale',
    'model_type',
    'architecture',
    'fno_modes',
    'fno_width',
    'fno_blocks',
  ],
  ...[
    'fno_cnn_blocks',
    'learned_input_channels',
    'max_hidden_channels',
    'resnet_width',
    'fno_input_transform',
  ],
  ...['generator_output_mode', 'amp_activation', 'object.big', 'probe.big', 'probe.mask', 'probe_mask_sigma'],
  ...['probe_mask_diameter', 'pad_object', 'probe_scale', 'gaussian_smoothing_sigma'],
  ...['train_data_file_path', 'test_data_file_path', 'batch_size', 'nepochs', 'mae_weight', 'nll_weight'],
  ...['realspace_mae_weight', 'realspace_weight', 'nphotons', 'n_groups', 'n_images', 'n_subsample'],
  ...['subsample_seed', 'neighbor_count', 'enable_oversampling', 'neighbor_pool_size', 'positions.provided'],
  ...['probe.trainable', 'intensity_scale.trainable', 'output_prefix', 'sequential_sampling', 'backend'],
  ...['torch_loss_mode', 'torch_mae_pred_l2_match_target', 'gradient_clip_val', 'gradient_clip_algorithm'],
  ...['optimizer', 'momentum', 'weight_decay', 'adam_beta1', 'adam_beta2', 'scheduler', 'lr_warmup_epochs'],
  ...['lr_min_ratio', 'plateau_factor', 'plateau_patience', 'plateau_min_lr', 'plateau_threshold'],
];

const pathKeys = new Set(['output_prefix', 'train_data_file_path', 'test_data_file_path']);

/** Field of the run spec that fills a legacy key: the table above, else the key in camel case. */
export function fieldOfLegacyKey(key: string): string {
  return renamed[key] ?? key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * The snapshot of bundle spec §3: 61 canonical keys, `intensity_scale` and `_version`.
 * @param run resolved run spec as one flat object in camel case; an absent field becomes null.
 * @param intensityScale √(photons / mean energy of a normalised pattern), training spec §2.2.
 */
export function legacySnapshot(run: Readonly<Record<string, unknown>>, intensityScale: number): JsonObject {
  assert(Number.isFinite(intensityScale) && intensityScale > 0, `intensity scale: ${intensityScale}`);
  const canonical = legacyKeys.map((key): [string, JsonValue] => {
    const value = run[fieldOfLegacyKey(key)] ?? null;
    assert(
      value === null || ['number', 'string', 'boolean'].includes(typeof value),
      `${key} is not a plain value`,
    );
    return [key, pathKeys.has(key) && typeof value === 'string' ? fileNameOf(value) : (value as JsonValue)];
  });
  return { ...Object.fromEntries(canonical), intensity_scale: intensityScale, _version: '1.0' };
}

/** A path without its folders: folders belong to a machine and would change the bytes of the bundle. */
export function fileNameOf(path: string): string {
  return path.replace(/[\\/]+$/, '').replace(/^.*[\\/]/, '');
}

import { describe, expect, it } from 'vitest';
import { faultOf } from '../factories/ports.test-support.ts';
import { commandLineLevel, runCommands, type RunCommand } from '../levels/command-line.ts';
import { configFileLevel } from '../levels/config-file.ts';
import { registryOf } from './registry.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Flags of the reference's commands, native and unified (spec cli.md §2, §3, §7). */
const flags = words(`
  --N --accelerator --accumulate-grad-batches --backend --batch_size --checkpoint-mode
  --checkpoint-monitor --checkpoint-monitor-metric --checkpoint-save-top-k --comparison_plot
  --config --console-level --debug --debug_dump --deterministic --device --disable-checkpointing
  --disable-mlflow --disable_mlflow --do_stitching --early-stop-patience --enable-checkpointing
  --file_index --gridsize --infer_dir --inference-batch-size --learning-rate --log-patch-stats
  --logger --logger-backend --max_epochs --max_hidden_channels --measurement-domain --middle-trim
  --model_path --n_groups --n_images --n_subsample --nepochs --no-deterministic --no-probe-mask
  --no_comparison_plot --nphotons --num-workers --object_big --output_dir --pad-eval
  --patch-stats-limit --patch-weighting --persistent-workers --phase_vmax --phase_vmin
  --prefetch-factor --probe-mask --probe-mask-diameter --probe-mask-sigma --probe_mask_diameter
  --profile --ptycho_dir --quiet --resnet_width --run_id --scale-contract-version --scheduler
  --subsample_seed --test_data --test_data_file --torch-accelerator --torch-accumulate-grad-batches
  --torch-checkpoint-save-top-k --torch-deterministic --torch-enable-checkpointing
  --torch-inference-batch-size --torch-learning-rate --torch-logger --torch-loss-mode
  --torch-num-workers --torch-plateau-factor --torch-recon-log-every-n-epochs --torch-scheduler
  --train_data_file --varpro-scaling --verbose
`);

/** Names in its configuration objects, canonical, execution and torch-side (spec configuration.md §2 … §6.1). */
const keys = words(`
  N gridsize n_filters_scale model_type architecture fno_modes fno_width fno_blocks fno_cnn_blocks
  learned_input_channels max_hidden_channels resnet_width fno_input_transform generator_output_mode
  amp_activation object_big probe_big probe_mask probe_mask_sigma probe_mask_diameter pad_object
  probe_scale gaussian_smoothing_sigma train_data_file test_data_file batch_size nepochs mae_weight
  nll_weight realspace_mae_weight realspace_weight nphotons n_groups n_images n_subsample
  subsample_seed neighbor_count enable_oversampling neighbor_pool_size positions_provided
  probe_trainable intensity_scale_trainable output_dir sequential_sampling backend torch_loss_mode
  torch_mae_pred_l2_match_target gradient_clip_val gradient_clip_algorithm optimizer momentum
  weight_decay adam_beta1 adam_beta2 scheduler lr_warmup_epochs lr_min_ratio plateau_factor
  plateau_patience plateau_min_lr plateau_threshold model_path debug accelerator devices strategy
  deterministic precision accum_steps num_workers pin_memory persistent_workers prefetch_factor
  learning_rate enable_progress_bar enable_checkpointing checkpoint_save_top_k
  checkpoint_monitor_metric checkpoint_mode early_stop_patience logger_backend
  recon_log_every_n_epochs recon_log_num_patches recon_log_fixed_indices recon_log_stitch
  recon_log_max_stitch_samples ffno_encoder_blocks ffno_encoder_share_weights ffno_encoder_gate_init
  spectral_bottleneck_blocks spectral_bottleneck_share_weights spectral_bottleneck_gate_init
  spectral_bottleneck_gate_mode inference_batch_size middle_trim pad_eval K K_quadrant grid_size
  neighbor_function min_neighbor_distance max_neighbor_distance scan_pattern normalize
  probe_normalize data_scaling phase_subtraction x_bounds y_bounds scale_contract_version
  measurement_domain mode batch_norm cnn_output_mode use_shared_decoder edge_pad
  decoder_last_c_outer_fraction decoder_last_amp_channels use_legacy_decoder_channel_override
  eca_encoder cbam_encoder cbam_bottleneck cbam_decoder eca_decoder spatial_decoder
  decoder_spatial_kernel probe_mask_tensor offset max_position_jitter training_patch_weighting
  physics_forward_mode rect_s1s2_trainable rect_s1s2_init amplitude_physics_gain num_datasets
  intensity_scale loss_function amp_loss phase_loss amp_loss_coeff phase_loss_coeff device n_devices
  framework orchestrator training_directories nll epochs epochs_fine_tune fine_tune_gamma
  physics_weight_schedule stage_3_lr_factor log_grad_norm grad_norm_log_freq experiment_name notes
  model_name experiment_number window patch_weighting varpro_scaling log_patch_stats
  patch_stats_limit objects_per_probe diff_per_object object_class image_size probe_paths
  beamstop_diameter
`);

describe.each(Object.keys(runCommands) as RunCommand[])(
  'what the reference calls its knobs, to %s',
  (command) => {
    const registry = registryOf(runCommands[command]);

    it.each(flags)('%s has a meaning, or a reason', (flag) => {
      const meanings = registry.byFlag(flag);
      expect(meanings).toBeDefined();
      for (const { field, scope } of meanings ?? []) {
        if (scope === 'foreign') expect(field.refused).toMatch(/, (so|since) /);
      }
    });

    it.each(keys)('%s has a meaning, or a reason', (key) => {
      expect(registry.byKey(key)).toBeDefined();
    });

    it('and no other name gets away', () => {
      expect(faultOf(() => commandLineLevel(command, [{ flag: '--n_imagse', text: '3' }])).message).toContain(
        '--n_images',
      );
      const misspelt = () => configFileLevel(runCommands[command], 'nimages: 3', 'run.yaml');
      expect(faultOf(misspelt).message).toContain('not a known field');
    });
  },
);

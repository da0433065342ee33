/** The device family that a run asks for. */
export type Accelerator = 'auto' | 'cpu' | 'gpu' | 'cuda';

export interface AcceleratorRequest {
  readonly accelerator: Accelerator;
  /** The deprecated `--device`; null when not given. */
  readonly device: 'cpu' | 'cuda' | null;
}

export interface AcceleratorChoice {
  readonly accelerator: Accelerator;
  readonly warnings: readonly string[];
}

/**
 * Spec configuration.md §5.1. Without `hasCuda` an `auto` stays `auto`, because only the machine that computes knows its
 * devices: a coordinator passes it on and every worker resolves it for itself.
 */
export function resolveAccelerator(request: AcceleratorRequest, hasCuda?: () => boolean): AcceleratorChoice {
  const { accelerator, device } = request;
  if (device !== null) {
    const deprecated = '--device is deprecated: use --accelerator';
    if (accelerator === 'auto')
      return { accelerator: device === 'cuda' ? 'gpu' : 'cpu', warnings: [deprecated] };
    return {
      accelerator,
      warnings: [deprecated, `Ignoring --device value ${device}, since --accelerator is ${accelerator}`],
    };
  }
  if (accelerator !== 'auto' || hasCuda === undefined) return { accelerator, warnings: [] };
  if (hasCuda()) return { accelerator: 'cuda', warnings: [] };
  return { accelerator: 'cpu', warnings: ['POLICY-001: No CUDA device detected, computing on the CPU'] };
}

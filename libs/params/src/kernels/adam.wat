;; One Adam step over an even number of weights, two at a time (training spec §6). Promotions to float64, + − × ÷ √ there, and
;; demotions to float32 are each fixed by IEEE 754, and stand in the order of `adamStep` in ../adam-step.ts: its bits.
(module
  (import "host" "memory" (memory 1 32768 shared)) ;; two threads may each take a part of the weights
  (func (export "step")
    (param $bytes i32) ;; 4 bytes per weight
    (param $w i32) (param $m i32) (param $v i32) (param $g i32) ;; where weights, moments and gradient begin
    (param $beta1 f64) (param $rest1 f64) (param $beta2 f64) (param $rest2 f64)
    (param $l2 f64) (param $decay f64) (param $rate f64) (param $scale f64) (param $epsilon f64)
    (local $i i32) (local $weight v128) (local $gradient v128) (local $mean v128) (local $square v128)
    (loop $next
      (local.set $weight (f64x2.promote_low_f32x4 (v128.load64_zero (i32.add (local.get $w) (local.get $i)))))
      (local.set $gradient
        (f64x2.add
          (f64x2.promote_low_f32x4 (v128.load64_zero (i32.add (local.get $g) (local.get $i))))
          (f64x2.mul (f64x2.splat (local.get $l2)) (local.get $weight))))
      (local.set $mean
        (f32x4.demote_f64x2_zero
          (f64x2.add
            (f64x2.mul
              (f64x2.splat (local.get $beta1))
              (f64x2.promote_low_f32x4 (v128.load64_zero (i32.add (local.get $m) (local.get $i)))))
            (f64x2.mul (f64x2.splat (local.get $rest1)) (local.get $gradient)))))
      (local.set $square
        (f32x4.demote_f64x2_zero
          (f64x2.add
            (f64x2.mul
              (f64x2.splat (local.get $beta2))
              (f64x2.promote_low_f32x4 (v128.load64_zero (i32.add (local.get $v) (local.get $i)))))
            (f64x2.mul
              (f64x2.mul (f64x2.splat (local.get $rest2)) (local.get $gradient))
              (local.get $gradient)))))
      (v128.store64_lane 0 (i32.add (local.get $m) (local.get $i)) (local.get $mean))
      (v128.store64_lane 0 (i32.add (local.get $v) (local.get $i)) (local.get $square))
      (v128.store64_lane 0
        (i32.add (local.get $w) (local.get $i))
        (f32x4.demote_f64x2_zero
          (f64x2.sub
            (f64x2.mul (f64x2.splat (local.get $decay)) (local.get $weight))
            (f64x2.div
              (f64x2.mul (f64x2.splat (local.get $rate)) (f64x2.promote_low_f32x4 (local.get $mean)))
              (f64x2.add
                (f64x2.mul
                  (f64x2.sqrt (f64x2.promote_low_f32x4 (local.get $square)))
                  (f64x2.splat (local.get $scale)))
                (f64x2.splat (local.get $epsilon)))))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $bytes))))))

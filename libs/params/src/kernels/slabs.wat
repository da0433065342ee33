;; Sums, products and quotients of floats, each rounded once as IEEE 754 has it: the bits of `../slab-arithmetic.ts`.
(module
  (import "host" "memory" (memory 1))

  ;; to += from, four floats at a time: the float64 sum of two float32, rounded to float32, is their float32 sum.
  (func (export "add")
    (param $bytes i32) ;; a multiple of 16
    (param $to i32) (param $from i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $to) (local.get $bytes)))
    (loop $next
      (v128.store (local.get $to) (f32x4.add (v128.load (local.get $to)) (v128.load (local.get $from))))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $to) (local.get $end)))))

  ;; to *= factor, in float64, two at a time.
  (func (export "scale")
    (param $bytes i32) ;; a multiple of 8
    (param $to i32) (param $factor f64)
    (local $end i32)
    (local.set $end (i32.add (local.get $to) (local.get $bytes)))
    (loop $next
      (v128.store64_lane 0 (local.get $to)
        (f32x4.demote_f64x2_zero
          (f64x2.mul
            (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $to)))
            (f64x2.splat (local.get $factor)))))
      (local.set $to (i32.add (local.get $to) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $to) (local.get $end)))))

  ;; to /= divisor, four at a time: a float64 quotient of two float32, rounded to float32, is their float32 quotient.
  (func (export "divide")
    (param $bytes i32) ;; a multiple of 16
    (param $to i32) (param $divisor f32)
    (local $end i32)
    (local.set $end (i32.add (local.get $to) (local.get $bytes)))
    (loop $next
      (v128.store (local.get $to) (f32x4.div (v128.load (local.get $to)) (f32x4.splat (local.get $divisor))))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $to) (local.get $end))))))

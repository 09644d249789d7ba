#!/bin/bash
# SPDX-License-Identifier: MIT
# SBCL stops the world for its garbage collector by signals and by traps, whose handlers wait.
. "${0%/*}/common.sh"
need sbcl sbcl
cat >threads.lisp <<'LISP'
(defvar *lock* (sb-thread:make-mutex))
(defvar *sum* 0)
(defun allocate ()
  (let ((list nil))
    (dotimes (i 200000)
      (push (make-array 10) list)
      (when (zerop (mod i 1000)) (setf list nil)))
    (sb-thread:with-mutex (*lock*) (incf *sum* 7))))
(mapc #'sb-thread:join-thread (loop repeat 8 collect (sb-thread:make-thread #'allocate)))
(sb-ext:gc :full t)
(print *sum*)
(let ((thread (sb-thread:make-thread (lambda () (loop)))))
  (sleep 0.05)
  (sb-thread:interrupt-thread thread #'sb-thread:abort-thread)
  (print (sb-thread:join-thread thread :default :aborted)))
(handler-case (sb-ext:with-timeout 0.1 (loop)) (sb-ext:timeout () (print :timeout)))
LISP
under sbcl --script threads.lisp

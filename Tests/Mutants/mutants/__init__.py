# SPDX-License-Identifier: Apache-2.0
"""Mutants: changes of one place each in the core and the Swift modules, which the tests have to find."""

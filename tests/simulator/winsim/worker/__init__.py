# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The double of the worker that runs as SYSTEM, and of the module that starts, stops and lists its jobs."""

"""Watching over an agent: metrics, health, alerts, traces. Agents tell it; nothing here decides anything."""

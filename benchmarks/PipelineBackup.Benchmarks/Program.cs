using BenchmarkDotNet.Running;
using PipelineBackup.Benchmarks.EndToEnd;
using PipelineBackup.Benchmarks.Stores;

// Micro benchmarks by default; whole backups and restores, each beside the limit of this machine, with "end-to-end";
// recoveries with "recovery"; the embedded engine under load and backup with "engine"; transfers into stores and out of
// them beside the provider's own library with "stores".
if (args is ["end-to-end", .. var rest])
    return await EndToEndBenchmark.RunAsync(rest).ConfigureAwait(false);
if (args is ["recovery", .. var more])
    return RecoveryBenchmark.Run(more);
if (args is ["engine", .. var load])
    return await EngineBenchmark.RunAsync(load).ConfigureAwait(false);
if (args is ["stores", .. var stores])
    return await StoreBenchmark.RunAsync(stores).ConfigureAwait(false);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;

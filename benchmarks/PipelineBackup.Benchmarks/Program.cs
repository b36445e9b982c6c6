using BenchmarkDotNet.Running;
using PipelineBackup.Benchmarks.EndToEnd;

// Micro benchmarks by default; whole backups and restores, each beside the limit of this machine, with "end-to-end";
// recoveries with "recovery".
if (args is ["end-to-end", .. var rest])
    return await EndToEndBenchmark.RunAsync(rest).ConfigureAwait(false);
if (args is ["recovery", .. var more])
    return RecoveryBenchmark.Run(more);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
